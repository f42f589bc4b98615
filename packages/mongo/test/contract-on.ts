import { describeSessionBackend } from '@session-stores/test-harness';
import { MongoClient } from 'mongodb';
import { afterAll, describe, inject, it } from 'vitest';
import { describeWithServer } from '../../../test-harness/src/servers/needs.js';
import { MongoBackend } from '../src/index.js';

const database = 'session_stores_contract';

/** Holds the backend against the contract, as `called` calls it. */
export function contractOn(name: string, called = (backend: MongoBackend) => backend): void {
  describeWithServer('mongo', 'the contract', (url) => {
    const client = new MongoClient(url);
    afterAll(() => client.close());
    describeSessionBackend(
      {
        name,
        shared: true,
        // It is there where the server does not expire by itself.
        without: inject('servers').mongod === url ? ['prune'] : [],
        create: ({ namespace }) => called(new MongoBackend({ client, database, collection: namespace })),
        spoiled: {
          primitives: ['read', 'write', 'touch'],
          apply: async (id, { namespace }) => {
            const sessions = client.db(database).collection<{ _id: string }>(namespace);
            await sessions.updateOne({ _id: id }, { $set: { session: { cookie: {} } } });
          },
        },
      },
      { describe, it, itAtOnce: it.concurrent },
    );
  });
}
