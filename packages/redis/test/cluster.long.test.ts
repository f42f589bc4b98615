import { type RedisCluster, type RedisNode, startRedisCluster } from '@session-stores/test-harness';
import { Cluster, Redis } from 'ioredis';
import { Cluster as Cluster5 } from 'ioredis-5';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { one, opened, sample, within } from '../../../test-harness/src/own-tests/backend-calls.js';
import { describeWithServer } from '../../../test-harness/src/servers/needs.js';
import { RedisBackend, RetryingRedisStore } from '../src/index.js';
import { replicated } from './topologies.js';

/** Ms of silence after which a node is held for down: when one is to fail, and when a busy machine must not be mistaken for it. */
const [watchful, calm] = [1_000, 60_000];

/** Resolves to how many ms it took. */
async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

describeWithServer('redis-server', 'Redis Cluster', () => {
  let cluster: RedisCluster;
  beforeAll(async () => {
    // Otherwise all nodes refuse everything from when one is found to be down until its replica has taken over.
    const args = ['--cluster-require-full-coverage', 'no', '--cluster-node-timeout', `${calm}`];
    cluster = await startRedisCluster({ masters: 3, replicas: 1, args });
  }, 40_000);
  afterAll(() => cluster?.stop());

  const nodes = () => cluster.nodes.map(({ host, port }) => ({ host, port }));

  /** The keys of each node, primaries and replicas. */
  async function keysByNode(pattern: string): Promise<string[][]> {
    return Promise.all(
      cluster.nodes.map(async ({ port }) => {
        const node = new Redis(port);
        const keys = await node.keys(pattern);
        node.disconnect();
        return keys;
      }),
    );
  }

  for (const [name, Client] of [
    ['ioredis 6', Cluster],
    ['ioredis 5', Cluster5 as unknown as typeof Cluster],
  ] as const) {
    describe(`a Cluster, with ${name}`, () => {
      it('serves one call over records of all nodes, and scans, counts and clears them', async () => {
        const client = new Client(nodes(), { redisOptions: { keyPrefix: 'app*:' } });
        const [backend] = await opened(new RedisBackend({ client, prefix: `${name}:` }));
        const writes = Array.from({ length: 300 }, (_, i) => sample({ id: `ü😀{${name}${i}` }));
        const written = await backend.write(writes, within());
        expect(new Set(written.map(({ status }) => status))).toEqual(new Set(['written']));
        const primaries = (await keysByNode(`app\\*:${name}:*`)).slice(0, 3);
        for (const keys of primaries) expect(keys.length).toBeGreaterThan(30);
        const records = await backend.read(
          writes.map(({ id }) => id),
          within(),
        );
        expect(records.map((record) => record && 'data' in record && record.data)).toEqual(
          writes.map(({ data }) => data),
        );
        const seen = new Set<string>();
        for await (const page of backend.scan(within())) for (const { id } of page) seen.add(id);
        expect(seen.size).toBe(writes.length);
        expect(await backend.count(within())).toBe(writes.length);
        await backend.clear({ ...within(), grace: 60_000 });
        expect(await backend.count(within())).toBe(0);
        expect(await one(backend.write(writes.slice(0, 1), within()))).toEqual({ status: 'gone' });
        await backend.close();
        client.disconnect();
      });

      it('loads the scripts on each node that has forgotten them', async () => {
        const client = new Client(nodes());
        const [backend] = await opened(new RedisBackend({ client, prefix: `forgetful ${name}:` }));
        const writes = Array.from({ length: 30 }, () => sample());
        await backend.write(writes, within());
        await Promise.all(client.nodes('master').map((node) => node.script('FLUSH')));
        expect(
          await backend.read(
            writes.map(({ id }) => id),
            within(),
          ),
        ).toHaveLength(30);
        expect(await backend.count(within())).toBe(30);
        await backend.close();
        client.disconnect();
      });
    });
  }

  describe('a Cluster', () => {
    afterEach(() => cluster.setNodeTimeout(calm));

    async function keyOf(master: RedisNode): Promise<string> {
      for (let i = 0; ; i += 1) if ((await cluster.masterOf(`${i}`)) === master) return `${i}`;
    }

    it('a client that reads from replicas reads from primaries here', async () => {
      const client = new Cluster(nodes(), { scaleReads: 'slave' });
      const [backend] = await opened(new RedisBackend({ client, prefix: 'primaries:' }));
      for (let i = 0; i < 100; i += 1) {
        const write = sample();
        await backend.write([write], within());
        expect(await one(backend.read([write.id], within()))).toMatchObject({ revision: write.revision });
      }
      await backend.close();
      client.disconnect();
    });

    it('a plain client is told what to pass, whether for one key or for several', async () => {
      const client = new Redis(cluster.nodes[0]?.port ?? 0);
      const [backend] = await opened(new RedisBackend({ client, prefix: 'plain:' }));
      const failures = new Set<string>();
      for (const ids of [['a'], ['b'], ['c'], ['d'], ['a', 'b', 'c', 'd']]) {
        const failure = await backend.read(ids, within()).catch((error: unknown) => error);
        if (!(failure instanceof Error)) continue; // This key happens to be on this node.
        expect(failure.message).toContain('pass a Cluster');
        expect(backend.isTransient(failure)).toBe(false);
        failures.add((failure as Error & { kind: string }).kind);
      }
      expect(failures).toEqual(new Set(['MOVED', 'CROSSSLOT']));
      await backend.close();
      client.disconnect();
    });

    it('a primary that is killed: its records fail for now, the others are served, and its replica takes over', async () => {
      const client = new Cluster(nodes());
      client.on('error', () => {});
      const [backend] = await opened(new RedisBackend({ client, prefix: 'failover:' }));
      const writes = Array.from({ length: 60 }, () => sample());
      await backend.write(writes, within());
      const [master] = client.nodes('master');
      const victim = cluster.nodes.find(({ port }) => port === master?.options.port) as RedisNode;
      // Replication is asynchronous; the promise of this test is about what the replica has.
      await replicated(victim, await keyOf(victim));
      await cluster.setNodeTimeout(watchful);
      await victim.kill();
      const ids = writes.map(({ id }) => id);
      const attempt = async () => {
        const answers = await backend.read(ids, within(1_000)).catch((error: unknown) => {
          expect(backend.isTransient(error)).toBe(true);
          return [];
        });
        for (const answer of answers) {
          if (answer && 'error' in answer) expect(backend.isTransient(answer.error)).toBe(true);
        }
        return answers.filter((answer) => answer !== undefined && 'data' in answer).length;
      };
      await expect.poll(attempt, { timeout: 20_000, interval: 100 }).toBe(writes.length);
      const { id, birth } = writes[0] as (typeof writes)[0];
      expect(await one(backend.remove([{ id, birth, grace: 1_000 }], within()))).toEqual({
        status: 'removed',
      });
      await backend.close();
      client.disconnect();
      await victim.restart();
      await cluster.settled();
    }, 60_000);

    it('a node that hangs holds up its own sessions only, until its replica takes over', async () => {
      await cluster.settled();
      const store = new RetryingRedisStore({ client: new Cluster(nodes()), prefix: 'hang:' });
      const ids = Array.from({ length: 40 }, (_, i) => `${i}`);
      await Promise.all(ids.map((id) => store.set(id, { cookie: {}, id } as never)));
      const victim = await cluster.masterOf('hang:0');
      const masters = await Promise.all(ids.map((id) => cluster.masterOf(`hang:${id}`)));
      const others = ids.filter((_, i) => masters[i] !== victim);
      expect(others.length).toBeLessThan(ids.length - 1);
      const healthy = new Redis((masters.find((master) => master !== victim) as RedisNode).port);
      /** The connections by which the healthy node has been asked for sessions. */
      const askers = async () =>
        String(await healthy.client('LIST'))
          .split('\n')
          .filter((line) => line.includes(' cmd=eval'))
          .map((line) => line.split(' ', 1)[0]);
      const before = await askers();
      expect(before.length).toBeGreaterThan(0);
      await cluster.setNodeTimeout(watchful);
      victim.pause();
      try {
        let silent = true;
        // Asked for all the time, as by requests: each call finds the others on their way.
        const own = Promise.all(
          ids
            .filter((id) => !others.includes(id))
            .map(async (id) => expect(await store.get(id)).toMatchObject({ id })),
        ).then(() => {
          silent = false;
        });
        let longest = 0;
        let calls = 0;
        while (silent) {
          // What a busy machine takes for anything is not the store's.
          const plain = timed(() => healthy.ping());
          const asked = timed(() =>
            Promise.all(others.map(async (id) => expect(await store.get(id)).toMatchObject({ id }))),
          );
          longest = Math.max(longest, (await asked) - (await plain));
          calls += 1;
          await new Promise((resolve) => setTimeout(resolve, 10));
        }
        await own;
        expect(calls).toBeGreaterThan(10);
        // Less than what one attempt has (1 s), so that none can have waited for the silent node.
        expect(longest).toBeLessThan(900);
        // Nor has the connection to them been given up.
        expect(await askers()).toEqual(before);
      } finally {
        healthy.disconnect();
        victim.resume();
        await store.close();
      }
      await cluster.settled();
    }, 40_000);

    it('a new connection comes about although a node hangs', async () => {
      await cluster.settled();
      // Which node is asked first is chance.
      const openTwelve = async () => {
        const opening = Array.from({ length: 12 }, async () => {
          const client = new Cluster(nodes(), { lazyConnect: true });
          const [backend] = await opened(new RedisBackend({ client }));
          await backend.close();
        });
        await Promise.all(opening);
      };
      const whenWell = await timed(openTwelve);
      const victim = await cluster.masterOf('any');
      victim.pause();
      const whenOneHangs = await timed(openTwelve).finally(() => victim.resume());
      // A second that the silent node is waited for, and as much again for a busy machine.
      expect(whenOneHangs - whenWell).toBeLessThan(2_000);
      await cluster.settled();
    }, 40_000);

    it('a wrong password fails at once and for good', async () => {
      const client = new Cluster(nodes(), {
        lazyConnect: true,
        redisOptions: { username: 'nobody', password: 'x' },
      });
      const backend = new RedisBackend({ client });
      const failure = await backend.read(['a'], within()).catch((error: unknown) => error);
      expect(failure).toMatchObject({ kind: 'WRONGPASS', transient: false });
      await backend.close();
    });
  });
});
