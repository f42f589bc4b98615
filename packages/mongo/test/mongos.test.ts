import {
  describeSessionBackend,
  type MongoShardedCluster,
  startMongoShardedCluster,
} from '@session-stores/test-harness';
import { MongoClient } from 'mongodb';
import { afterAll, describe, expect, inject, it } from 'vitest';
import { opened, sample, within } from '../../../test-harness/src/own-tests/backend-calls.js';
import { describeWithServer } from '../../../test-harness/src/servers/needs.js';
import { MongoBackend, MongoStore } from '../src/index.js';

const database = 'session_stores_mongos';
// A contract is told of its server when it is registered, so the cluster is there before that.
const cluster = inject('servers').mongos === undefined ? undefined : await startMongoShardedCluster();
afterAll(() => cluster?.stop());

describeWithServer('mongos', 'the contract through a mongos', () => {
  const client = new MongoClient((cluster as MongoShardedCluster).url);
  afterAll(() => client.close());
  describeSessionBackend(
    {
      name: 'MongoBackend',
      shared: true,
      without: ['prune'],
      create: ({ namespace }) => new MongoBackend({ client, database, collection: namespace }),
    },
    { describe, it },
  );
});

describeWithServer('mongos', 'a store through a mongos', () => {
  const client = new MongoClient((cluster as MongoShardedCluster).url);
  afterAll(() => client.close());

  it('has its TTL index on the shard, and a collection that is sharded by its id does as well', async () => {
    await client.db('admin').command({ enableSharding: database });
    await client.db('admin').command({ shardCollection: `${database}.sharded`, key: { _id: 'hashed' } });
    const [backend, reported] = await opened(new MongoBackend({ client, database, collection: 'sharded' }));
    expect(reported).toEqual([]);
    expect(backend.prune).toBeUndefined();
    const writes = Array.from({ length: 100 }, () => sample());
    for (const answer of await backend.write(writes, within())) expect(answer).toEqual({ status: 'written' });
    const updates = writes.map(({ id, birth, revision }) => sample({ id, birth, expect: { revision } }));
    for (const answer of await backend.write(updates, within()))
      expect(answer).toEqual({ status: 'written' });
    const late = writes.map(({ id, birth, revision }) => sample({ id, birth, expect: { revision } }));
    for (const { status } of await backend.write(late, within())) expect(status).toBe('conflict');
    expect(await backend.count(within())).toBe(100);
    const removals = writes.map(({ id, birth }) => ({ id, birth, grace: 60_000 }));
    for (const answer of await backend.remove(removals, within()))
      expect(answer).toEqual({ status: 'removed' });
    for (const { status } of await backend.write(writes, within())) expect(status).toBe('gone');
    expect(await backend.count(within())).toBe(0);
  }, 60_000);

  it('refuses a cache, because shards do not share a clock', async () => {
    const store = new MongoStore({ client, database, cache: {} });
    await expect(store.get('a')).rejects.toMatchObject({
      code: 'BACKEND_FAILED',
      cause: { kind: 'NO_CHANGES', message: expect.stringContaining('behind a mongos') },
    });
    await store.close();
  });

  it('keeps what parallel requests set, and a logout final', async () => {
    const stores = [0, 1].map(() => new MongoStore({ client, database, collection: 'requests' }));
    const [ours, theirs] = stores as [MongoStore, MongoStore];
    await ours.set('a', { cookie: { originalMaxAge: 60_000 }, count: 0 } as never);
    const add = (store: MongoStore) =>
      store.update('a', (session) => ({
        ...session,
        count: (session as unknown as { count: number }).count + 1,
      }));
    await Promise.all(Array.from({ length: 20 }, (_, index) => add(index % 2 === 0 ? ours : theirs)));
    const loaded = await theirs.get('a');
    expect(loaded).toMatchObject({ count: 20 });
    await ours.destroy('a');
    await theirs.set('a', Object.assign(loaded as object, { late: true }) as never);
    expect(await ours.get('a')).toBeFalsy();
    await Promise.all(stores.map((store) => store.close()));
  }, 60_000);
});
