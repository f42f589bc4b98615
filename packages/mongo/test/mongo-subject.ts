// What child processes import too: it runs as it is, so it imports packages only. The query tells the form and the server.
import { MongoStore, RetryingMongoStore } from '@session-stores/mongo';
import type { Subject, Surroundings } from '@session-stores/test-harness';
import { MongoClient } from 'mongodb';

export function subjectOf(form: string, url: string): Subject {
  const retries = form === 'retrying';
  const Store = retries ? RetryingMongoStore : MongoStore;
  const { hostname: host, port } = new URL(url);
  // A collection a check and not a database: databases are files that a server keeps open.
  const database = 'session_stores_suite';
  const collectionOf = ({ namespace }: Surroundings): string => namespace;
  return {
    name: Store.name,
    create(surroundings) {
      const through = new URL(url);
      through.host = `${surroundings.address?.host}:${surroundings.address?.port}`;
      return new Store({ url: through.href, database, collection: collectionOf(surroundings) });
    },
    supports: {
      network: { host, port: Number(port || 27_017) },
      shared: true,
      retries,
      processes: new URL(`?${new URLSearchParams({ form, url })}`, import.meta.url),
      async corrupt(id, surroundings) {
        const client = new MongoClient(url);
        const sessions = client.db(database).collection<{ _id: string }>(collectionOf(surroundings));
        await sessions.updateOne({ _id: id }, { $set: { session: '{not json' } });
        await client.close();
      },
    },
  };
}

const query = new URL(import.meta.url).searchParams;
export default subjectOf(query.get('form') ?? 'plain', query.get('url') ?? 'mongodb://127.0.0.1:27017/');
