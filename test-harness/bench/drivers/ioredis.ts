import type { Subject } from '@session-stores/test-harness';
import session, { type SessionData } from 'express-session';
import { Redis } from 'ioredis';

type Answer = (error: unknown, found?: SessionData) => void;

/** ioredis, which gathers the commands of one turn of the event loop: the least that a store could do. */
class BareRedis extends session.Store {
  readonly client: Redis;
  readonly #prefix: string;

  constructor(url: string, prefix: string) {
    super();
    this.client = new Redis(url, { enableAutoPipelining: true });
    this.#prefix = prefix;
  }

  override get(id: string, callback: Answer): void {
    this.client
      .get(this.#prefix + id)
      .then((text) => callback(null, text === null ? undefined : JSON.parse(text)), callback);
  }

  override set(id: string, data: SessionData, callback: Answer): void {
    this.client
      .set(this.#prefix + id, JSON.stringify(data), 'PX', data.cookie.originalMaxAge ?? 1)
      .then(() => callback(null), callback);
  }

  override touch(id: string, data: SessionData, callback: () => void): void {
    this.client.pexpire(this.#prefix + id, data.cookie.originalMaxAge ?? 1).then(() => callback(), callback);
  }

  override destroy(id: string, callback: Answer): void {
    this.client.del(this.#prefix + id).then(() => callback(null), callback);
  }
}

const url = new URL(import.meta.url).searchParams.get('url') ?? 'redis://127.0.0.1:6379';

export default {
  name: 'ioredis',
  create: ({ namespace }) => new BareRedis(url, `${namespace}:`),
  close: (store) => (store as BareRedis).client.disconnect(),
} satisfies Subject;
