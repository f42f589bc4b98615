import type { SessionStore } from '@session-stores/core';
import { RetryingMemoryStore } from '@session-stores/memory';
import { RetryingRedisStore } from '@session-stores/redis';
import { RetryingSqliteStore } from '@session-stores/sqlite';
import { MisuseError } from './misuse-error.js';

export interface OpenedStore {
  readonly store: SessionStore;
  /** What to call it in front of people: without the password that a URL may have. */
  readonly title: string;
  /** The file of an SQLite store. */
  readonly path: string | undefined;
}

const whatItMayBe = 'it may be sqlite:./path.db, memory, or redis://host:port';

/** The store that is named by `memory`, `sqlite:path` or a Redis URL. Throws a `MisuseError`. */
export function openStore(address: string): OpenedStore {
  if (address === 'memory') return { store: new RetryingMemoryStore(), title: 'memory', path: undefined };
  const path = /^sqlite:(?:\/\/(?=\/))?(.+)$/.exec(address)?.[1];
  if (path !== undefined)
    return { store: new RetryingSqliteStore({ path }), title: `SQLite in ${path}`, path };
  if (/^rediss?:/.test(address)) return openRedis(address);
  // Not the whole of it: there may be a password inside.
  throw new MisuseError(`the store '${address.split(':')[0]}' is unknown; ${whatItMayBe}`);
}

function openRedis(address: string): OpenedStore {
  try {
    const { host } = new URL(address);
    if (host === '') throw new TypeError('a host is missing');
    return { store: new RetryingRedisStore({ url: address }), title: `Redis on ${host}`, path: undefined };
  } catch (error) {
    throw new MisuseError(`the Redis URL of the store is not valid; ${whatItMayBe}`, { cause: error });
  }
}
