import type { SessionBackend, SessionStoreOptions } from '@session-stores/core';
import type { Subject, Supports, Surroundings } from '@session-stores/test-harness';
import type { Store } from 'express-session';
import type { AnySession } from '../../src/suite/calls.js';

/** A store that is broken in just the way that one check is there to find. */
export interface Mutant {
  /** How it is broken. */
  readonly how: string;
  /** What the check has to say of it. */
  readonly says: RegExp;
  /** The server that it needs. */
  readonly server?: 'redis';
  /** The broken store; `url` is that of the server. */
  broken(url: string): Subject;
  /** The same store unbroken, which has to pass. */
  good(url: string): Subject;
}

/** The methods of the good store below, by promise. */
export interface Methods {
  get(id: string): Promise<AnySession | undefined>;
  set(id: string, session: AnySession): Promise<unknown>;
  touch(id: string, session: AnySession): Promise<unknown>;
  destroy(id: string): Promise<unknown>;
  all(): Promise<unknown>;
  ids(): Promise<unknown>;
  length(): Promise<unknown>;
  clear(): Promise<unknown>;
  destroyMany(ids: readonly string[]): Promise<unknown>;
  update(id: string, change: (session: AnySession) => unknown): Promise<unknown>;
}

export type Callback = (error?: unknown, value?: unknown) => unknown;

/** Members that are put on the store as they are, callbacks and all. */
// biome-ignore lint/suspicious/noExplicitAny: they need not be what a store has there
export type RawMembers = Record<string, any>;

/** In which respect a store is broken; whatever is not named here stays as it was. */
export interface Breakage {
  readonly how: string;
  readonly says: RegExp;
  /** Methods by promise; a callback is answered for them. */
  readonly methods?: (good: Methods & { readonly store: Store }) => Partial<Methods>;
  readonly raw?: (good: Methods & { readonly store: Store & RawMembers }) => RawMembers;
  readonly backend?: (good: SessionBackend) => Partial<SessionBackend>;
  /** Options of the broken store. */
  readonly options?: SessionStoreOptions;
  /** Options of the broken store and of the good one. */
  readonly settings?: SessionStoreOptions;
  readonly supports?: Supports;
  /** The module that child processes import has this breakage by itself, by its name there. */
  readonly inChildren?: string;
  /** Something else than the namespace of the surroundings. */
  readonly namespace?: (surroundings: Surroundings) => string;
}

const callbackPlace: Record<keyof Methods, number> = {
  get: 1,
  set: 2,
  touch: 2,
  destroy: 1,
  all: 0,
  ids: 0,
  length: 0,
  clear: 0,
  destroyMany: 1,
  update: 2,
};

/** Breaks a store in place. */
export function breakStore(store: Store, { methods, raw }: Pick<Breakage, 'methods' | 'raw'>): Store {
  const members = store as Store & RawMembers;
  const good = { store: members } as Methods & { readonly store: Store & RawMembers };
  for (const name of Object.keys(callbackPlace)) {
    const method = members[name];
    if (typeof method === 'function') Object.assign(good, { [name]: method.bind(store) });
  }
  for (const [name, method] of Object.entries(methods?.(good) ?? {})) {
    members[name] = answering(method as Method, callbackPlace[name as keyof Methods]);
  }
  return Object.assign(store, raw?.(good));
}

/** The backend with some of its primitives replaced. */
export function breakBackend(good: SessionBackend, replace: Breakage['backend']): SessionBackend {
  const broken = replace?.(good) ?? {};
  return new Proxy(good, {
    get(_good, name) {
      if (name in broken) return Reflect.get(broken, name);
      const value = Reflect.get(good, name);
      // The primitives have private fields of the backend to look at.
      return typeof value === 'function' ? value.bind(good) : value;
    },
  });
}

type Method = (...values: unknown[]) => Promise<unknown>;

/** A method by promise as one that takes a callback too, at this place of its arguments. */
function answering(method: Method, place: number): (...values: unknown[]) => Promise<unknown> {
  return (...values) => {
    const callback = values[place] as Callback | undefined;
    const answer = method(...values.slice(0, place));
    answer.then(
      (value) => callback && process.nextTick(callback, null, value),
      (error) => callback && process.nextTick(callback, error),
    );
    return answer;
  };
}
