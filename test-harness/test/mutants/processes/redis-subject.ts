// What child processes import: it runs as it is, so it imports packages only. The query of its URL says how it is broken.
import { SessionStore, withRetries } from '@session-stores/core';
import { RedisBackend } from '@session-stores/redis';
import type { Surroundings } from '@session-stores/test-harness';
import type { SessionData } from 'express-session';

const breakage = new URL(import.meta.url).search.slice(1);

/** Saves a session whether or not it was destroyed meanwhile. */
class BlindStore extends SessionStore {
  override set(id: string, session: SessionData, callback?: (error: unknown) => void): Promise<void> {
    return super.set(id, JSON.parse(JSON.stringify(session)), callback);
  }
}

/** Updates by a get and a set, one after the other in this process. */
class TwoStepStore extends SessionStore {
  #last: Promise<unknown> = Promise.resolve();

  override update(
    ...[id, change, callback]: Parameters<SessionStore['update']>
  ): Promise<SessionData | undefined> {
    const updating = this.#last.then(async () => {
      const session = await this.get(id);
      if (session === undefined) return undefined;
      await change(session);
      await this.set(id, JSON.parse(JSON.stringify(session)));
      return session;
    });
    this.#last = updating;
    updating.then((session) => callback?.(null, session), callback);
    return updating;
  }
}

const stores: Record<string, typeof SessionStore> = {
  '': SessionStore,
  'sets-blindly': BlindStore,
  'updates-in-two-steps': TwoStepStore,
};

export default {
  name: 'redis in a child process',
  create({ namespace, address }: Surroundings): SessionStore {
    const url = `redis://${address?.host}:${address?.port}`;
    const backend = new RedisBackend({ url, prefix: `${namespace}:` });
    const Store = stores[breakage];
    if (Store === undefined) throw new Error(`no store is broken like ${breakage}`);
    return new Store(backend, withRetries({}));
  },
};
