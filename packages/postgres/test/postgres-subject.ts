// What child processes import too: it runs as it is, so it imports packages only. The query tells the form, the server and options.
import type { AtRestOptions } from '@session-stores/core';
import { PostgresStore, RetryingPostgresStore } from '@session-stores/postgres';
import type { Subject, Surroundings } from '@session-stores/test-harness';
import pg from 'pg';

type Options = AtRestOptions & {
  readonly preparedStatements?: boolean;
  /** Whether a statement that takes too long is cancelled on the server. */
  readonly cancels?: boolean;
};

/** Without the key that a cancel request needs. */
class ClientWithoutCancel extends pg.Client {
  get processID(): null {
    return null;
  }
  set processID(_: unknown) {}
}

/** As the README says that a pool of one's own has to be. */
function poolWithoutCancel(connectionString: string): pg.Pool {
  return new pg.Pool({ connectionString, Client: ClientWithoutCancel, connectionTimeoutMillis: 3_000 });
}

export function subjectOf(form: string, url: string, options: Options = {}): Subject {
  const { cancels = true, ...storeOptions } = options;
  const pools = new WeakMap<object, pg.Pool>();
  const retries = form === 'retrying';
  const Store = retries ? RetryingPostgresStore : PostgresStore;
  const { hostname: host, port } = new URL(url);
  const through = ({ address }: Surroundings): string => {
    const proxied = new URL(url);
    proxied.host = `${address?.host}:${address?.port}`;
    return proxied.href;
  };
  let storedId = (id: string): string => id;
  let pool: pg.Pool | undefined;
  const direct = (): pg.Pool => {
    if (pool === undefined) {
      pool = new pg.Pool({ connectionString: url, max: 4, allowExitOnIdle: true });
      // The server is ended before it.
      pool.on('error', () => {});
    }
    return pool;
  };
  return {
    name: Store.name,
    async create(surroundings) {
      const connectionString = through(surroundings);
      const pool = cancels ? undefined : poolWithoutCancel(connectionString);
      const where = pool === undefined ? { url: connectionString } : { pool };
      const store = new Store({ ...storeOptions, ...where, table: surroundings.namespace });
      if (pool !== undefined) pools.set(store, pool);
      storedId = (id) => store.storedId(id);
      // Makes the table. Some sessions of the suite live for a tenth of a second, which on a busy machine is what the first
      // connection takes.
      await store.length();
      return store;
    },
    async close(store) {
      await (store as PostgresStore).close();
      await pools.get(store)?.end();
    },
    supports: {
      network: { host, port: Number(port || 5432) },
      shared: true,
      retries,
      processes: new URL(
        `?${new URLSearchParams({ form, url, options: JSON.stringify(options) })}`,
        import.meta.url,
      ),
      storedId: (id) => storedId(id),
      async corrupt(id, { namespace }) {
        const table = pg.escapeIdentifier(namespace);
        await direct().query(`update ${table} set data = '{not json' where id = $1`, [storedId(id)]);
      },
    },
  };
}

const query = new URL(import.meta.url).searchParams;
export default subjectOf(
  query.get('form') ?? 'plain',
  query.get('url') ?? 'postgres://127.0.0.1:5432/postgres',
  JSON.parse(query.get('options') ?? '{}'),
);
