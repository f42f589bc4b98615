import {
  describeSessionStore,
  type MongoReplicaSet,
  startMongoReplicaSet,
} from '@session-stores/test-harness';
import { MongoClient } from 'mongodb';
import { afterAll, afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { opened, sample, within } from '../../../test-harness/src/own-tests/backend-calls.js';
import { describeWithServer } from '../../../test-harness/src/servers/needs.js';
import { MongoBackend, RetryingMongoStore } from '../src/index.js';
import { subjectOf } from './mongo-subject.js';

const runner = { describe, describeAtOnce: describe.concurrent, it, itAtOnce: it.concurrent };

// A suite is told of its server when it is registered, so the set is there before that.
const set = inject('servers')['mongod-binary'] === undefined ? undefined : await startMongoReplicaSet();
afterAll(() => set?.stop());

describeWithServer('mongod-binary', 'the suite on a replica set', () => {
  const { url, members } = set as MongoReplicaSet;
  // Of the members one will do: it tells the driver of the others.
  const one = `mongodb://127.0.0.1:${members[0]?.port}/${url.slice(url.indexOf('?'))}`;
  // A majority of three that share a disk can need longer for what thousands of calls write than the default limit. The checks
  // that rely on that one need a network to break.
  const patience = { operationTimeout: 60_000 };
  describeSessionStore(subjectOf('plain', one, 'topology', patience), runner);
  describeSessionStore(subjectOf('retrying', one, 'topology'), runner);
});

/** Sessions that are saved, changed and destroyed without a pause, each call through the next of the stores. */
class Traffic {
  readonly destroyed: string[] = [];
  /** How often each session that was not destroyed was counted up. */
  readonly counted = new Map<string, number>();
  readonly failures: unknown[] = [];
  readonly #stores: readonly RetryingMongoStore[];
  #running: Promise<unknown> | undefined;
  #ended = false;
  #calls = 0;

  constructor(stores: readonly RetryingMongoStore[]) {
    this.#stores = stores;
  }

  start(): void {
    this.#running = Promise.all(Array.from({ length: 16 }, (_, user) => this.#visit(user)));
  }

  async end(): Promise<void> {
    this.#ended = true;
    await this.#running;
  }

  async #visit(user: number): Promise<void> {
    for (let visit = 0; !this.#ended; visit += 1) {
      const id = `user ${user}, visit ${visit}`;
      try {
        await this.#next().set(id, { cookie: { originalMaxAge: 600_000 }, count: 0 } as never);
        await this.#next().update(id, (session) => {
          (session as unknown as { count: number }).count += 1;
        });
        if (visit % 2 === 0) this.counted.set(id, 1);
        else {
          await this.#next().destroy(id);
          this.destroyed.push(id);
        }
      } catch (error) {
        this.failures.push(error);
      }
    }
  }

  #next(): RetryingMongoStore {
    this.#calls += 1;
    return this.#stores[this.#calls % this.#stores.length] as RetryingMongoStore;
  }
}

describeWithServer('mongod-binary', 'a failover while sessions are written and destroyed', () => {
  const { url } = set as MongoReplicaSet;
  const unhandled: unknown[] = [];
  const note = (reason: unknown) => unhandled.push(reason);
  let stores: RetryingMongoStore[] = [];
  let collections = 0;

  beforeEach(() => {
    process.on('unhandledRejection', note);
    collections += 1;
    stores = Array.from({ length: 3 }, () => {
      // An election takes seconds, ten where the primary has died.
      const store = new RetryingMongoStore({
        url,
        collection: `failover_${collections}`,
        operationTimeout: 60_000,
        retry: { retries: 200 },
      });
      store.on('storeError', () => {});
      return store;
    });
  });
  afterEach(async () => {
    await Promise.all(stores.map((store) => store.close()));
    process.off('unhandledRejection', note);
    expect(unhandled.splice(0)).toEqual([]);
  });

  it.for([
    { what: 'steps down', fail: (members: MongoReplicaSet) => members.stepDown() },
    {
      what: 'is killed',
      fail: async (members: MongoReplicaSet) => {
        const primary = await members.primary();
        await primary.kill();
        await members.primary();
        await primary.restart();
      },
    },
  ])(
    'the primary $what: the stores carry on by themselves, and what was acknowledged holds',
    {
      timeout: 300_000,
    },
    async ({ fail }) => {
      const traffic = new Traffic(stores);
      traffic.start();
      await expect.poll(() => traffic.destroyed.length, { timeout: 60_000 }).toBeGreaterThan(50);
      await fail(set as MongoReplicaSet);
      const before = traffic.destroyed.length;
      await expect.poll(() => traffic.destroyed.length, { timeout: 90_000 }).toBeGreaterThan(before + 50);
      await traffic.end();

      // A reply that was lost to the change of primaries may leave it open whether a change was made, and says so.
      for (const error of traffic.failures) expect(error).toMatchObject({ code: 'AMBIGUOUS' });
      const [store] = stores as [RetryingMongoStore];
      const alive = new Set(await store.ids());
      expect(traffic.destroyed.filter((id) => alive.has(id))).toEqual([]);
      for (const [id, count] of traffic.counted) expect(await store.get(id)).toMatchObject({ count });
    },
  );
});

describeWithServer('mongod-binary', 'on a replica set', () => {
  it('a write that too few servers can confirm is an error that needs somebody, not a success', {
    timeout: 60_000,
  }, async () => {
    const client = new MongoClient((set as MongoReplicaSet).url);
    const options = { client, database: 'concern', writeConcern: { w: 5 } };
    const [backend] = await opened(new MongoBackend(options));
    await expect(backend.write([sample()], within(20_000))).rejects.toMatchObject({
      kind: 'WRITE_CONCERN',
      transient: false,
    });
    await client.close();
  });

  it('a secondary that is named directly takes no store', { timeout: 60_000 }, async () => {
    const members = set as MongoReplicaSet;
    const primary = await members.primary();
    const secondary = members.members.find((member) => member !== primary);
    const backend = new MongoBackend({
      url: `mongodb://127.0.0.1:${secondary?.port}/?directConnection=true`,
    });
    const failure = await opened(backend).catch((error: unknown) => error);
    expect(failure).toMatchObject({ kind: 'NOT_PRIMARY', transient: true });
    await backend.close();
  });
});
