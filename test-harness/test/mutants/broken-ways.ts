import { setTimeout as wait } from 'node:timers/promises';
import type { SessionBackend } from '@session-stores/core';
import type { AnySession } from '../../src/suite/calls.js';
import type { Breakage, Methods } from './mutant.js';

/** Ways to be broken that several mutants have in common. */

/** A session as plain data, which a store of ours takes for one that came from nowhere. */
export function plain(session: AnySession): AnySession {
  return JSON.parse(JSON.stringify(session));
}

/** Every id is taken for another one. */
export function idsAs(change: (id: string) => string): NonNullable<Breakage['methods']> {
  return (good) => ({
    get: async (id) => good.get(change(id)),
    set: async (id, session) => good.set(change(id), session),
    touch: async (id, session) => good.touch(change(id), session),
    destroy: async (id) => good.destroy(change(id)),
  });
}

/** What a session has under `value` comes back as something else. */
// biome-ignore lint/suspicious/noExplicitAny: values of any kind are damaged
export function damaged(damage: (value: any) => unknown): NonNullable<Breakage['methods']> {
  return alteringGet((session) => {
    if ('value' in session) session.value = damage(session.value);
  });
}

/** What `get` answers is altered. */
export function alteringGet(
  alter: (session: AnySession, id: string) => void,
): NonNullable<Breakage['methods']> {
  return (good) => ({
    get: async (id) => {
      const session = await good.get(id);
      if (session !== undefined) alter(session, id);
      return session;
    },
  });
}

/** What was set first or last is remembered, beside the storage, until somebody asks for it. */
export function remembering(
  methods: (good: Methods, remembered: Map<string, AnySession>) => Partial<Methods>,
  which: 'first' | 'last' = 'last',
): NonNullable<Breakage['methods']> {
  return (good) => {
    const remembered = new Map<string, AnySession>();
    return {
      set: async (id, session) => {
        if (which === 'last' || !remembered.has(id)) remembered.set(id, plain(session));
        return good.set(id, session);
      },
      ...methods(good, remembered),
    };
  };
}

/** The first answer to a `get` is the answer for ever. */
export const cached: NonNullable<Breakage['methods']> = (good) => {
  const cache = new Map<string, AnySession>();
  return {
    get: async (id) => {
      const session = cache.get(id) ?? (await good.get(id));
      if (session !== undefined) cache.set(id, plain(session));
      return session;
    },
  };
};

/** A whole store of nothing but a map, with some of its methods replaced. */
export function mapStore<Value = string>(
  methods: (sessions: Map<string, Value>) => Partial<Methods>,
): NonNullable<Breakage['methods']> {
  return () => {
    const sessions = new Map<string, Value>();
    const stored = sessions as Map<string, unknown>;
    const set = async (id: string, session: AnySession) => stored.set(id, JSON.stringify(session));
    return {
      get: async (id) => (stored.has(id) ? JSON.parse(stored.get(id) as string) : undefined),
      set,
      touch: set,
      destroy: async (id) => stored.delete(id),
      ...methods(sessions),
    };
  };
}

/** The lifetimes that reach the storage are others. */
export function lifetimesAs(
  change: (expiry: { in: number; exact: boolean }) => { in: number; exact: boolean },
): (good: SessionBackend) => Partial<SessionBackend> {
  return (good) => ({
    write: (writes, context) =>
      good.write(
        writes.map((write) => ({ ...write, expiry: change(write.expiry) })),
        context,
      ),
    touch: (touches, context) =>
      good.touch(
        touches.map((touch) => ({ ...touch, expiry: change(touch.expiry) })),
        context,
      ),
  });
}

/** Puts an error in the place of another. */
export function failingWith(
  name: 'get' | 'set' | 'destroy' | 'touch',
  replace: (error: Error & { code?: string }, id: string) => unknown,
): NonNullable<Breakage['methods']> {
  return (good) => ({
    [name]: async (...values: [string, AnySession]) => {
      try {
        return await (good[name] as (...values: unknown[]) => Promise<unknown>)(...values);
      } catch (error) {
        throw replace(error as Error, values[0]);
      }
    },
  });
}

/** A session that is set is set, whether or not it was destroyed meanwhile: what every store does that knows only `set`. */
export const setsBlindly: NonNullable<Breakage['methods']> = (good) => ({
  set: async (id, session) => good.set(id, plain(session)),
});

/** A touch sets the session that it is given. */
export const touchSetsBlindly: NonNullable<Breakage['methods']> = (good) => ({
  touch: async (id, session) => good.set(id, plain(session)),
});

/** What this store has destroyed it does not save any more; what another one has, it does. */
export const remembersOwnDestroys: NonNullable<Breakage['methods']> = (good) => {
  const destroyed = new Set<string>();
  return {
    set: async (id, session) => (destroyed.has(id) ? undefined : good.set(id, plain(session))),
    destroy: async (id) => {
      destroyed.add(id);
      await good.destroy(id);
    },
  };
};

/** Removed records leave nothing behind that would refuse an insert which arrives late. */
export function leavesNoGraves(good: SessionBackend): Partial<SessionBackend> {
  return {
    remove: (removals, context) =>
      good.remove(
        removals.map((removal) => ({ ...removal, grace: 0 })),
        context,
      ),
  };
}

/** Saves that are sent when it suits the store, and not in the order of the calls. */
export const savesLater: NonNullable<Breakage['methods']> = (good) => ({
  set: async (id, session) => {
    const snapshot = plain(session);
    await wait(20);
    return good.set(id, snapshot);
  },
});
