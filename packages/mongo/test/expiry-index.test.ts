import { type MongoServer, startFerret } from '@session-stores/test-harness';
import { type Collection, MongoClient } from 'mongodb';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { one, opened, sample, within } from '../../../test-harness/src/own-tests/backend-calls.js';
import { describeWithServer } from '../../../test-harness/src/servers/needs.js';
import { Connection } from '../src/connection.js';
import { ensureExpiryIndex } from '../src/expiry-index.js';
import { MongoBackend, MongoStore } from '../src/index.js';
import { replyFailure } from '../src/mongo-failure.js';

const database = 'session_stores_index';

interface Stored {
  readonly _id: unknown;
  readonly session?: unknown;
  readonly expires?: Date;
}

/** A client, and a new collection for each test. */
function collections(url: () => string) {
  let client: MongoClient;
  let made = 0;
  let sessions: Collection<Stored>;
  beforeAll(() => {
    client = new MongoClient(url());
  });
  beforeEach(() => {
    made += 1;
    sessions = client.db(database).collection<Stored>(`c${made}`);
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });
  afterAll(async () => {
    await client.db(database).dropDatabase();
    await client.close();
  });
  return {
    get client() {
      return client;
    },
    get sessions() {
      return sessions;
    },
    backend: () => opened(new MongoBackend({ client, database, collection: sessions.collectionName })),
    indexes: async () =>
      (await sessions.indexes()).map(({ key, expireAfterSeconds }) => ({ key, expireAfterSeconds })),
  };
}

const ttl = { key: { expires: 1 }, expireAfterSeconds: 0 };

describeWithServer('mongod', 'the TTL index', (url) => {
  const at = collections(() => url);

  it('is created by the store, and then the store deletes nothing by itself', async () => {
    const [backend, reported] = await at.backend();
    expect(await at.indexes()).toContainEqual(ttl);
    expect(backend.prune).toBeUndefined();
    expect(reported).toEqual([]);
  });

  it('is created once by twenty stores that start at the same moment', async () => {
    const all = await Promise.all(Array.from({ length: 20 }, () => at.backend()));
    expect((await at.indexes()).filter(({ key }) => 'expires' in key)).toEqual([ttl]);
    expect(all.flatMap(([, reported]) => reported)).toEqual([]);
  });

  it('may have been created by connect-mongo, or under another name', async () => {
    await at.sessions.createIndex({ expires: 1 }, { expireAfterSeconds: 0, name: 'ours' });
    const [backend, reported] = await at.backend();
    expect(backend.prune).toBeUndefined();
    expect(reported).toEqual([]);
  });

  it('has the server delete what has expired, graves too', async () => {
    // A server that MONGO_URL names looks once a minute.
    await at.client
      .db('admin')
      .command({ setParameter: 1, ttlMonitorSleepSecs: 1 })
      .catch(() => {});
    const [backend] = await at.backend();
    const [brief, long, removed] = [sample({ expiry: { in: 1, exact: true } }), sample(), sample()];
    await backend.write([brief, long, removed], within());
    await backend.remove([{ id: removed.id, birth: removed.birth, grace: 1 }], within());
    const left = async () => (await at.sessions.find().toArray()).map(({ _id }) => _id);
    await expect.poll(left, { timeout: 90_000, interval: 100 }).toEqual([long.id]);
  }, 100_000);

  it('that deletes nothing is left alone, reported, and the store deletes by itself', async () => {
    await at.sessions.createIndex({ expires: 1 });
    const [backend, reported] = await at.backend();
    expect(await at.indexes()).not.toContainEqual(ttl);
    expect(reported).toMatchObject([{ kind: 'INDEX' }]);
    expect(String(reported[0])).toContain('createIndex({ expires: 1 }, { expireAfterSeconds: 0 })');
    expect(backend.prune).toBeTypeOf('function');
  });

  it('whose name another index has: the same', async () => {
    await at.sessions.createIndex({ other: 1 }, { name: 'expires_1' });
    const [backend, reported] = await at.backend();
    expect(reported).toMatchObject([{ kind: 'INDEX' }]);
    expect(backend.prune).toBeTypeOf('function');
  });

  it('is there again soon after the collection was dropped', async () => {
    const [backend] = await at.backend();
    await at.sessions.drop();
    await backend.write([sample()], within());
    expect(await at.indexes()).not.toContainEqual(ttl);
    const later = performance.now() + 61_000;
    vi.spyOn(performance, 'now').mockReturnValue(later);
    await backend.write([sample()], within());
    vi.restoreAllMocks();
    await expect.poll(() => at.indexes()).toContainEqual(ttl);
  });
});

describe('a server that answers the TTL index with an error', () => {
  it.for([
    [238, 'has none: it gets one that deletes nothing', 1],
    [115, 'has none: it gets one that deletes nothing', 1],
    [7777, 'may have them another time: no index is put in the way of ours', 0],
  ] as const)('of code %i %s', async ([code, , count]) => {
    const created: object[] = [];
    class Refusing extends Connection {
      override async send<Reply>(_signal: AbortSignal, command: () => object): Promise<Reply> {
        const { indexes } = command() as { readonly indexes?: readonly [object] };
        if (indexes === undefined) return { cursor: { firstBatch: [] } } as Reply;
        if ('expireAfterSeconds' in indexes[0]) throw replyFailure(code);
        created.push(indexes[0]);
        return { ok: 1 } as Reply;
      }
    }
    const connection = new Refusing({ isOwn: false, open: () => expect.fail('opened') }, database);
    const expiry = await ensureExpiryIndex(connection, 'sessions', within().signal);
    expect(expiry).toEqual({ isOn: false, problem: undefined });
    expect(created).toHaveLength(count);
  });
});

describeWithServer('ferretdb', 'a server that has no TTL indexes', () => {
  let server: MongoServer;
  beforeAll(async () => {
    server = await startFerret();
  }, 60_000);
  afterAll(() => server.stop());
  const at = collections(() => server.url);

  it('is swept by the store, without anybody having to know', async () => {
    const [backend, reported] = await at.backend();
    expect(reported).toEqual([]);
    expect(backend.prune).toBeTypeOf('function');
    expect(await at.indexes()).toContainEqual({ key: { expires: 1 }, expireAfterSeconds: undefined });
    const other = await at.backend();
    expect(other[1]).toEqual([]);
    const store = new MongoStore({
      client: at.client,
      database,
      collection: at.sessions.collectionName,
      sweepInterval: 50,
    });
    await backend.write([sample({ expiry: { in: 1, exact: true } }), sample()], within());
    await store.get('opens the store');
    await expect.poll(() => at.sessions.countDocuments()).toBe(1);
    await store.close();
  });

  it('is swept in bounded steps, and only of what has expired and is a session', async () => {
    const [backend] = await at.backend();
    const past = new Date(Date.now() - 1_000);
    const theirs: Stored[] = [
      { _id: 1, session: 'x', expires: past },
      { _id: 'no session', expires: past },
    ];
    await at.sessions.insertMany(theirs);
    await backend.write(
      Array.from({ length: 5 }, () => sample({ expiry: { in: 1, exact: true } })),
      within(),
    );
    const live = sample();
    await backend.write([live], within());
    await new Promise((resolve) => setTimeout(resolve, 10)); // They live for 1 ms.
    const pruned = [];
    for (let round = 0; round < 4; round++) pruned.push(await backend.prune?.(2, within()));
    expect(pruned).toEqual([2, 2, 1, 0]);
    expect(await at.sessions.countDocuments()).toBe(3);
    expect(await one(backend.read([live.id], within()))).toMatchObject({ data: live.data });
  });
});

describeWithServer('mongo', 'a collection', (url) => {
  const at = collections(() => url);

  it('that is dropped under the store is empty, and comes back with the next session', async () => {
    const [backend] = await at.backend();
    const lost = sample();
    await backend.write([lost], within());
    await at.sessions.drop();
    expect(await backend.read([lost.id], within())).toEqual([undefined]);
    expect(await backend.count(within())).toBe(0);
    const { id, birth, revision } = lost;
    expect(await backend.write([sample({ id, expect: { revision } })], within())).toEqual([
      { status: 'gone' },
    ]);
    expect(await backend.touch([{ id, revision, expiry: { in: 9, exact: true } }], within())).toEqual([
      { status: 'gone' },
    ]);
    expect(await backend.remove([{ id, birth, grace: 9 }], within())).toEqual([{ status: 'removed' }]);
    expect(await one(backend.write([sample()], within()))).toEqual({ status: 'written' });
  });

  it('of others is not touched: what has no session, or an id that is no string', async () => {
    const [backend] = await at.backend();
    const theirs: Stored[] = [
      { _id: 'a user' },
      { _id: 7, session: '{"cookie":{}}' },
      { _id: 'b', session: 5 },
    ];
    await at.sessions.insertMany(theirs);
    await backend.write([sample()], within());
    expect(await backend.count(within())).toBe(1);
    const pages = [];
    for await (const page of backend.scan(within())) pages.push(page.length);
    expect(pages).toEqual([1]);
    await backend.clear({ ...within(), grace: 0 });
    expect(await at.sessions.find().sort({ _id: 1 }).toArray()).toHaveLength(3);
  });
});
