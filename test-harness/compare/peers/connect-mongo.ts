import type { Subject, Surroundings } from '@session-stores/test-harness';
import { MongoStore } from 'connect-mongo';
import { MongoClient } from 'mongodb';

const parameters = new URL(import.meta.url).searchParams;
const url = parameters.get('url') ?? 'mongodb://127.0.0.1:27017/';
const { hostname, port } = new URL(url);
const dbName = 'session_stores_compare';

export default {
  name: 'connect-mongo',
  create({ namespace, address }: Surroundings) {
    const through = new URL(url);
    through.host = `${address?.host}:${address?.port}`;
    // Otherwise a replica set says where its members are, and the driver goes there.
    through.searchParams.set('directConnection', 'true');
    return MongoStore.create({
      mongoUrl: through.href,
      dbName,
      collectionName: namespace,
      // FerretDB refuses the index by which a mongod deletes what has expired.
      autoRemove: parameters.has('withoutTtl') ? 'interval' : 'native',
    });
  },
  close: (store) => (store as MongoStore).close(),
  supports: {
    network: { host: hostname, port: Number(port || 27_017) },
    shared: true,
    processes: import.meta.url,
    async corrupt(id, { namespace }) {
      const client = new MongoClient(url);
      const sessions = client.db(dbName).collection<{ _id: string }>(namespace);
      await sessions.updateOne({ _id: id }, { $set: { session: '{not json' } });
      await client.close();
    },
  },
} satisfies Subject;
