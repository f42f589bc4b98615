// What child processes import too: it runs as it is, so it imports packages only. The query tells the form, the server and options.
import type { SessionStoreOptions } from '@session-stores/core';
import { MongoStore, RetryingMongoStore } from '@session-stores/mongo';
import type { Subject, Surroundings } from '@session-stores/test-harness';
import { MongoClient } from 'mongodb';

/** The fault proxy stands before one server; what has several (`topology`) is reached without it. */
export function subjectOf(
  form: string,
  url: string,
  kind = 'server',
  options: SessionStoreOptions = {},
): Subject {
  const isServer = kind === 'server';
  const retries = form === 'retrying';
  const Store = retries ? RetryingMongoStore : MongoStore;
  const { hostname: host, port } = new URL(url);
  // A collection a check and not a database: databases are files that a server keeps open.
  const database = 'session_stores_suite';
  let storedId = (id: string): string => id;
  const collectionOf = ({ namespace }: Surroundings): string => namespace;
  return {
    name: Store.name,
    create(surroundings) {
      const through = new URL(url);
      if (isServer) {
        through.host = `${surroundings.address?.host}:${surroundings.address?.port}`;
        // The driver would go on to the address that a member of a replica set has among the others, past the proxy.
        through.searchParams.delete('replicaSet');
        through.searchParams.set('directConnection', 'true');
      }
      const collection = collectionOf(surroundings);
      const store = new Store({ ...options, url: through.href, database, collection });
      storedId = (id) => store.storedId(id);
      return store;
    },
    supports: {
      network: isServer ? { host, port: Number(port || 27_017) } : undefined,
      shared: true,
      retries,
      processes: new URL(
        `?${new URLSearchParams({ form, url, kind, options: JSON.stringify(options) })}`,
        import.meta.url,
      ),
      storedId: (id) => storedId(id),
      async corrupt(id, surroundings) {
        const client = new MongoClient(url);
        const sessions = client.db(database).collection<{ _id: string }>(collectionOf(surroundings));
        await sessions.updateOne({ _id: storedId(id) }, { $set: { session: '{not json' } });
        await client.close();
      },
    },
  };
}

const query = new URL(import.meta.url).searchParams;
const url = query.get('url') ?? 'mongodb://127.0.0.1:27017/';
export default subjectOf(
  query.get('form') ?? 'plain',
  url,
  query.get('kind') ?? 'server',
  JSON.parse(query.get('options') ?? '{}'),
);
