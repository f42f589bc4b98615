import { describeSessionBackend } from '@session-stores/test-harness';
import { MongoClient } from 'mongodb';
import { afterAll, describe, inject, it } from 'vitest';
import { announcing } from '../../../test-harness/src/own-tests/announcing.js';
import { describeWithServer } from '../../../test-harness/src/servers/needs.js';
import { MongoBackend } from '../src/index.js';

const database = 'session_stores_contract';

describeWithServer('mongo', 'the contract', (url) => {
  const client = new MongoClient(url);
  afterAll(() => client.close());
  for (const [called, as] of [
    ['for nobody', (backend: MongoBackend) => backend],
    ['announcing', announcing<MongoBackend>],
  ] as const)
    describeSessionBackend(
      {
        name: `MongoBackend, ${called}`,
        shared: true,
        // It is there where the server does not expire by itself.
        without: inject('servers').mongod === url ? ['prune'] : [],
        create: ({ namespace }) => as(new MongoBackend({ client, database, collection: namespace })),
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
