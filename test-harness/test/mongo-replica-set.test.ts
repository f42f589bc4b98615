import { MongoClient } from 'mongodb';
import { expect, it } from 'vitest';
import { startMongoReplicaSet } from '../src/servers/mongo-replica-set.js';
import { describeWithServer } from '../src/servers/needs.js';

describeWithServer('mongod-binary', 'a replica set', () => {
  it('elects another primary when its primary steps down or is killed, and keeps what a majority acknowledged', {
    timeout: 180_000,
  }, async () => {
    const set = await startMongoReplicaSet();
    const client = new MongoClient(set.url, { retryWrites: true, serverSelectionTimeoutMS: 60_000 });
    const things = client.db('test').collection<{ _id: string }>('things');
    const insert = (_id: string) => things.insertOne({ _id }, { writeConcern: { w: 'majority' } });
    await insert('first');

    const first = await set.primary();
    const second = await set.stepDown();
    expect(second.port).not.toBe(first.port);
    await insert('after the first stepped down');

    await second.kill();
    const third = await set.primary();
    expect(third.port).not.toBe(second.port);
    await insert('after the second was killed');

    await second.restart();
    await third.kill();
    await insert('after the third was killed, by a majority that includes the second');
    expect(await things.countDocuments()).toBe(4);
    await client.close();
    await set.stop();
  });
});
