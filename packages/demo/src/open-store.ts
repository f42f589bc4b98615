import type { SessionStore } from '@session-stores/core';
import { RetryingMemoryStore } from '@session-stores/memory';
import { RetryingMongoStore } from '@session-stores/mongo';
import { RetryingPostgresStore } from '@session-stores/postgres';
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

const whatItMayBe =
  'it may be sqlite:./path.db, memory, redis://host:port, postgres://user:password@host/database, or mongodb://host:port/database';

const servers = [
  { title: 'Redis', scheme: /^rediss?:/, open: (url: string) => new RetryingRedisStore({ url }) },
  {
    title: 'PostgreSQL',
    scheme: /^postgres(ql)?:/,
    open: (url: string) => new RetryingPostgresStore({ url }),
  },
  { title: 'MongoDB', scheme: /^mongodb(\+srv)?:/, open: (url: string) => new RetryingMongoStore({ url }) },
];

/** The store that is named by `memory`, `sqlite:path` or the URL of a server. Throws a `MisuseError`. */
export function openStore(address: string): OpenedStore {
  if (address === 'memory') return { store: new RetryingMemoryStore(), title: 'memory', path: undefined };
  const path = /^sqlite:(?:\/\/(?=\/))?(.+)$/.exec(address)?.[1];
  if (path !== undefined)
    return { store: new RetryingSqliteStore({ path }), title: `SQLite in ${path}`, path };
  const server = servers.find(({ scheme }) => scheme.test(address));
  if (server !== undefined) return openServer(server, address);
  // Not the whole of it: there may be a password inside.
  throw new MisuseError(`the store '${address.split(':')[0]}' is unknown; ${whatItMayBe}`);
}

function openServer({ title, open }: (typeof servers)[number], url: string): OpenedStore {
  const hosts = hostsOf(url);
  if (hosts === undefined) {
    throw new MisuseError(
      `the ${title} URL of the store is not valid (in user and password, special characters have to be percent-encoded); ${whatItMayBe}`,
    );
  }
  try {
    return { store: open(url), title: `${title} on ${hosts}`, path: undefined };
  } catch (error) {
    throw new MisuseError(`the ${title} URL of the store is not valid: ${(error as Error).message}`);
  }
}

/**
 * The hosts and ports of a URL, of which MongoDB's may have several; `undefined` where there is none. So it is where an `@`
 * comes later than expected: what looks like a host then may be the beginning of a password.
 */
function hostsOf(url: string): string | undefined {
  return /^[^:]+:\/\/(?:[^@/?#]*@)?([^@/?#]+)[^@]*$/.exec(url)?.[1];
}
