import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Subject, Surroundings } from '@session-stores/test-harness';
import Database from 'better-sqlite3';
import session, { type Store } from 'express-session';
import pg from 'pg';
import type { Exhibit } from './exhibits.js';

const require = createRequire(import.meta.url);

/** What these packages export: a function that makes their class out of express-session. */
type MakeStoreClass = (connect: typeof session) => new (options: Record<string, unknown>) => Store;

/** The store of an old release as a subject of the suite. `url`: of its server, where it has one. */
export function oldStore(name: Exhibit['package'], release: string, url: string): Subject {
  const StoreClass = (require(`${name}-${release}`) as MakeStoreClass)(session);
  const closing = new WeakMap<Store, () => unknown>();
  const create = creators[name];
  return {
    name: `${name} ${release}`,
    async create(surroundings) {
      const { options, close } = await create(surroundings, url);
      const store = new StoreClass(options);
      closing.set(store, close);
      return store;
    },
    async close(store) {
      await closing.get(store)?.();
    },
    supports: url === '' ? {} : { network: addressOf(url), shared: true },
  };
}

interface Creation {
  readonly options: Record<string, unknown>;
  close(): unknown;
}

const creators: Record<Exhibit['package'], (surroundings: Surroundings, url: string) => Promise<Creation>> = {
  memorystore: async () => ({ options: {}, close() {} }),

  'better-sqlite3-session-store': async ({ directory }) => {
    const client = new Database(join(directory, 'sessions.db'));
    return { options: { client }, close: () => client.close() };
  },

  'session-file-store': async ({ directory }) => ({ options: { path: directory, logFn() {} }, close() {} }),

  'connect-pg-simple': async ({ namespace, address }, url) => {
    const { username, password, pathname } = new URL(url);
    const pool = new pg.Pool({ user: username, password, database: pathname.slice(1), ...address });
    // A connection that breaks while nothing runs on it is told here, and ends the process where nobody listens.
    pool.on('error', () => {});
    // The columns of the package's table.sql.
    await pool.query(
      `create table if not exists ${namespace} (sid varchar primary key, sess json not null, expire timestamp(6) not null)`,
    );
    return { options: { pool, tableName: namespace, pruneSessionInterval: false }, close: () => pool.end() };
  },

  'connect-redis': async ({ namespace, address }) => {
    const { createClient } = require('redis-3') as {
      createClient(options: object): {
        end(flush: boolean): void;
        on(name: string, listener: () => void): void;
      };
    };
    const client = createClient({ ...address });
    client.on('error', () => {});
    return { options: { client, prefix: `${namespace}:` }, close: () => client.end(true) };
  },
};

function addressOf(url: string): { host: string; port: number } {
  const { hostname, port } = new URL(url);
  return { host: hostname, port: Number(port) };
}
