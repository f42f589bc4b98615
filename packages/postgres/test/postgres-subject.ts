// What child processes import too: it runs as it is, so it imports packages only. The query tells the form and the server.
import { PostgresStore, RetryingPostgresStore } from '@session-stores/postgres';
import type { Subject, Surroundings } from '@session-stores/test-harness';
import pg from 'pg';

export function subjectOf(form: string, url: string): Subject {
  const retries = form === 'retrying';
  const Store = retries ? RetryingPostgresStore : PostgresStore;
  const { hostname: host, port } = new URL(url);
  const through = ({ address }: Surroundings): string => {
    const proxied = new URL(url);
    proxied.host = `${address?.host}:${address?.port}`;
    return proxied.href;
  };
  return {
    name: Store.name,
    create: (surroundings) => new Store({ url: through(surroundings), table: surroundings.namespace }),
    supports: {
      network: { host, port: Number(port || 5432) },
      shared: true,
      retries,
      processes: new URL(`?${new URLSearchParams({ form, url })}`, import.meta.url),
      async corrupt(id, { namespace }) {
        const client = new pg.Client(url);
        await client.connect();
        await client.query(`update ${pg.escapeIdentifier(namespace)} set data = '{not json' where id = $1`, [
          id,
        ]);
        await client.end();
      },
    },
  };
}

const query = new URL(import.meta.url).searchParams;
export default subjectOf(
  query.get('form') ?? 'plain',
  query.get('url') ?? 'postgres://127.0.0.1:5432/postgres',
);
