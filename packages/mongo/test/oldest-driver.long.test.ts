import { describeSessionBackend } from '@session-stores/test-harness';
import { MongoClient } from 'mongodb-7.0';
import { afterAll, describe, inject, it } from 'vitest';
import { describeWithServer } from '../../../test-harness/src/servers/needs.js';
import { MongoBackend } from '../src/index.js';

describeWithServer('mongo', 'on the oldest mongodb that we take', (url) => {
  const client = new MongoClient(url);
  afterAll(() => client.close());
  const database = 'session_stores_oldest';
  describeSessionBackend(
    {
      name: 'MongoBackend on mongodb 7.0.0',
      shared: true,
      without: inject('servers').mongod === url ? ['prune'] : [],
      create: ({ namespace }) => new MongoBackend({ client, database, collection: namespace }),
    },
    { describe, it },
  );
});
