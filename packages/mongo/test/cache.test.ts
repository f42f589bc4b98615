import { randomUUID } from 'node:crypto';
import {
  describeSessionBackend,
  type MongoReplicaSet,
  startFerret,
  startMongoReplicaSet,
} from '@session-stores/test-harness';
import { MongoClient, Timestamp } from 'mongodb';
import { MongoClient as OldestClient } from 'mongodb-7.0';
import { afterAll, describe, expect, inject, it, onTestFinished } from 'vitest';
import { announcing } from '../../../test-harness/src/own-tests/announcing.js';
import {
  caching,
  describeCache,
  session,
  untilServed,
} from '../../../test-harness/src/own-tests/cache-tests.js';
import { lastRead, sharedClock } from '../../../test-harness/src/own-tests/stale-reads.js';
import { describeWithServer } from '../../../test-harness/src/servers/needs.js';
import { Connection } from '../src/connection.js';
import { MongoBackend, type MongoBackendOptions, type MongoClientLike, MongoStore } from '../src/index.js';
import { placeOf } from '../src/mongo-client.js';
import { operationTime, subscribe } from '../src/subscription.js';

const database = 'session_stores_cache';
const newCollection = (): string => `sessions_${randomUUID()}`;

// A contract is told of its server when it is registered, so the set is there before that.
const isThere = inject('servers')['mongod-binary'] !== undefined;
const set = isThere ? await startMongoReplicaSet({ members: 1 }) : undefined;
afterAll(() => set?.stop());

describeWithServer('mongod-binary', 'a backend on a replica set', () => {
  const client = new MongoClient((set as MongoReplicaSet).url);
  afterAll(() => client.close());
  describeSessionBackend(
    {
      name: 'MongoBackend, announcing',
      shared: true,
      watches: true,
      without: ['prune'],
      create: ({ namespace }) => announcing(new MongoBackend({ client, database, collection: namespace })),
    },
    { describe, it, itAtOnce: it.concurrent },
  );
});

describeWithServer('mongod-binary', 'the cache of a MongoDB store', () => {
  const { url, members } = set as MongoReplicaSet;
  const fresh = () => ({ url, database, collection: newCollection() });

  describeCache<MongoBackendOptions>({
    name: 'mongodb',
    server: () => ({ host: '127.0.0.1', port: members[0]?.port as number }),
    fresh,
    open(options, proxy) {
      if (proxy === undefined) return new MongoBackend(options);
      return new MongoBackend({
        ...options,
        url: `mongodb://127.0.0.1:${proxy.port}/?directConnection=true`,
      });
    },
    from: '@session-stores/mongo',
    Store: MongoStore,
    url: import.meta.url,
    // Each waits several times for the disk, because a majority has a write in its journal before it is acknowledged.
    rounds: 300,
  });

  it('proves itself by a document that no store takes for a session', async () => {
    const options = fresh();
    const { store } = await caching(new MongoBackend(options));
    const client = new MongoClient(url);
    onTestFinished(() => client.close());
    const documents = client
      .db(database)
      .collection(options.collection)
      .find({ _id: { $type: 'object' } });
    // Until the next beat there is none, once the server has deleted what has expired.
    await expect.poll(() => documents.clone().toArray()).toMatchObject([{ expires: new Date(0) }]);
    expect(await store.ids()).toEqual(['warm']);
    expect(await store.length()).toBe(1);
  });

  it('hears who knows nothing of it, and a collection that was dropped', async () => {
    const options = fresh();
    const { store, reads } = await caching(new MongoBackend(options));
    const client = new MongoClient(url);
    onTestFinished(() => client.close());
    const collection = client.db(database).collection<{ _id: string }>(options.collection);
    const isSoonGone = async (): Promise<void> => {
      const changed = sharedClock();
      expect((await lastRead(store, 'warm')) - changed).toBeLessThan(1_000);
    };
    await collection.deleteOne({ _id: 'warm' });
    await isSoonGone();
    await store.set('warm', session());
    await untilServed(store, reads, 'warm');
    await collection.drop();
    await isSoonGone();
    await store.set('warm', session());
    await untilServed(store, reads, 'warm');
  }, 30_000);

  it('leaves a client of the application open, and nothing of its own on it', async () => {
    const client = new MongoClient(url);
    onTestFinished(() => client.close());
    const collection = newCollection();
    const { store } = await caching(new MongoBackend({ client, database, collection }));
    const running = async () => {
      const operations = await client
        .db('admin')
        .aggregate([{ $currentOp: { idleCursors: true } }])
        .toArray();
      return operations.filter(({ ns }) => ns === `${database}.${collection}`).length;
    };
    expect(await running()).toBeGreaterThan(0);
    await store.close();
    await expect.poll(running).toBe(0);
    await client.db(database).command({ ping: 1 });
  });
});

/** Takes a server alone for a replica set. */
class Pretending extends Connection {
  readonly #hello: object;

  constructor(client: MongoClientLike, hello: object) {
    super({ isOwn: false, open: async () => client }, database);
    this.#hello = hello;
  }

  override async send<Reply>(signal: AbortSignal, command: () => object): Promise<Reply> {
    return 'hello' in command() ? (this.#hello as Reply) : super.send(signal, command);
  }
}

describeWithServer('mongo', 'a server that refuses a change stream', (url) => {
  it.for([
    ['the newest driver', MongoClient],
    ['the oldest that we take', OldestClient],
  ] as const)('is reported with the code of its error, on %s', async ([, Client]) => {
    const client = new Client(url, { readConcernLevel: 'local', monitorCommands: true });
    onTestFinished(() => client.close());
    const asked: unknown[] = [];
    client.on('commandStarted', ({ command }: { command: object }) => asked.push(command));
    const connection = new Pretending(client, {
      setName: 'a set',
      operationTime: new Timestamp({ t: 1, i: 1 }),
    });
    const place = placeOf({ client, collection: newCollection() });
    const { signal } = new AbortController();
    const told = await new Promise((resolve) => {
      void subscribe(connection, place, { signal, hear: () => {}, broken: resolve });
    });
    // 238 from FerretDB, 40573 from a mongod.
    expect(told).toMatchObject({ kind: 'REPLY', transient: false, serverCode: expect.any(Number) });
    // Not the read concern of the client: a change stream takes no other than this.
    expect(asked).toMatchObject([{ aggregate: place.collection, readConcern: { level: 'majority' } }]);
  });

  it('passes by itself where the set has just begun and keeps no time yet', async () => {
    const client = new MongoClient(url);
    const connection = new Pretending(client, { setName: 'a set' });
    await expect(operationTime(connection, AbortSignal.timeout(5_000))).rejects.toMatchObject({
      kind: 'BUSY',
      transient: true,
    });
    await client.close();
  });
});

describeWithServer('ferretdb', 'a server without change streams', () => {
  it('refuses the option, unless it keeps nothing', async () => {
    const server = await startFerret();
    onTestFinished(() => server.stop());
    const store = new MongoStore({ url: server.url, cache: {} });
    onTestFinished(async () => void (await store.close()));
    await expect(store.get('a')).rejects.toMatchObject({
      code: 'BACKEND_FAILED',
      cause: { kind: 'NO_CHANGES', message: expect.stringContaining("leave out option 'cache'") },
    });
    const telling = new MongoStore({ url: server.url, cache: { maxEntries: 0 } });
    onTestFinished(async () => void (await telling.close()));
    await telling.set('a', session());
    await telling.update('a', (data) => void Object.assign(data, { n: 1 }));
    expect(await telling.get('a')).toMatchObject({ n: 1 });
    const client = new MongoClient(server.url);
    onTestFinished(() => client.close());
    const [document] = await client.db().collection('sessions').find().toArray();
    expect(document).toMatchObject({ by: expect.stringMatching(/^another \d+$/) });
    await telling.destroy('a');
    expect(await telling.get('a')).toBeUndefined();
  });
});
