import { inspect } from 'node:util';
import { MongoClient } from 'mongodb';
import { afterAll, expect, it } from 'vitest';
import { everyModeAtOnce } from '../../../test-harness/src/own-tests/at-rest-modes.js';
import { liveThrough, shown } from '../../../test-harness/src/own-tests/at-rest-traces.js';
import { describeWithServer } from '../../../test-harness/src/servers/needs.js';
import { MongoStore } from '../src/index.js';

describeWithServer('mongo', 'MongoStore', (url) => {
  const client = new MongoClient(url);
  const database = 'session_stores_at_rest';
  afterAll(async () => {
    await client.db(database).dropDatabase();
    await client.close();
  });

  it.for([
    ['neither id nor data, with hashIds and encryptionKeys', everyModeAtOnce, { id: false, secret: false }],
    ['both, without', {}, { id: true, secret: true }],
  ] as const)('leaves in its collection %s', async ([what, options, expected]) => {
    const where = { url, database, collection: what.slice(0, 4) };
    const store = new MongoStore({ ...where, ...options });
    const foreign = new MongoStore({ ...where, ...options, encryptionKeys: 'f'.repeat(64) });
    const told = await liveThrough(store, foreign);
    const documents = await client.db(database).collection(where.collection).find().toArray();
    // The one that lives, and the grave of the one that was destroyed.
    expect(documents).toHaveLength(2);
    const dump = inspect(documents, { depth: 12, maxStringLength: null, maxArrayLength: null });
    expect(shown(dump)).toEqual(expected);
    expect(shown(told)).toEqual({ id: false, secret: false });
    await Promise.all([store.close(), foreign.close()]);
  });
});
