import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { RedisNode } from '@session-stores/test-harness';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { describeWithServer } from '../../../test-harness/src/servers/needs.js';
import { type RedisStoreOptions, RetryingRedisStore } from '../src/index.js';
import { replicated, type Topology, topologies } from './topologies.js';
import { type History, Traffic } from './traffic.js';

/** By its slot the node is found that is to fail. */
const key = 'victim';
/** Operation times in ms: one that a failover fits into, and one that it does not. */
const [patience, haste] = [15_000, 1_200];
/** Ms of silence after which a node is held for down: when one is to fail, and when a busy machine must not be mistaken for it. */
const [watchful, calm] = [1_000, 60_000];

/** Sessions that have come and gone before the failure, and as many after it. */
const enough = 120;

const cases = [
  { what: 'is killed', fail: (node: RedisNode) => node.kill(), replicas: 0 },
  { what: 'hangs', fail: async (node: RedisNode) => node.pause(), replicas: 0 },
  {
    what: 'is killed, and a replica has to acknowledge',
    fail: (node: RedisNode) => node.kill(),
    replicas: 1,
  },
];

describeWithServer('redis-server', 'a failover under traffic', () => {
  for (const [name, start] of Object.entries(topologies)) {
    describe(`of ${name}`, () => {
      let topology: Topology;
      const unhandled: unknown[] = [];
      const note = (reason: unknown) => unhandled.push(reason);
      const ends: (() => unknown)[] = [];
      beforeAll(async () => {
        process.on('unhandledRejection', note);
        topology = await start(calm);
      }, 90_000);
      beforeEach(() => topology.settled(), 90_000);
      afterEach(async () => {
        for (const end of ends.splice(0).reverse()) await end();
        expect(unhandled).toEqual([]);
      }, 60_000);
      afterAll(async () => {
        process.off('unhandledRejection', note);
        await topology.stop();
      });

      function openStore(options: Omit<RedisStoreOptions, 'client'>): RetryingRedisStore {
        const store = new RetryingRedisStore({ client: topology.client(), ...options });
        // Whoever listens for errors is told of those of the connection, too.
        store.on('storeError', () => {});
        ends.push(() => store.close());
        return store;
      }

      for (const { what, fail, replicas } of cases) {
        it(`a master ${what}: the stores carry on by themselves, and what was acknowledged holds`, async () => {
          const prefix = `${what}:`;
          const open = (operationTimeout: number) =>
            [openStore({ prefix, replicas, operationTimeout }), operationTimeout] as const;
          const traffic = new Traffic([open(patience), open(patience), open(patience)], 'patient');
          const hasty = new Traffic([open(haste)], 'hasty');
          const lag = monitorEventLoopDelay();
          lag.enable();
          traffic.start();
          hasty.start();
          await expect.poll(() => traffic.completeSince(0), { timeout: 30_000 }).toBeGreaterThan(enough);
          const master = await topology.masterOf(key);
          const surelyBefore = performance.now();
          await replicated(master, key);
          await topology.setDownAfter(watchful);
          await fail(master);
          await topology.settled();
          await topology.setDownAfter(calm);
          if (replicas > 0) await topology.takeBack(master, key);
          else ends.push(() => topology.takeBack(master, key));
          await topology.settled();
          // The stores still find out.
          const answered = traffic.answered;
          await expect.poll(() => traffic.answered, { timeout: 30_000 }).toBeGreaterThan(answered + 500);
          const surelyAfter = performance.now();
          await expect
            .poll(() => traffic.completeSince(surelyAfter), { timeout: 30_000 })
            .toBeGreaterThan(enough);
          await Promise.all([traffic.end(), hasty.end()]);
          lag.disable();

          expect(traffic.failures).toEqual([]);
          expect(hasty.failures.length).toBeGreaterThan(0);
          for (const { error, took } of hasty.failures) {
            expect(error).toMatchObject({ code: expect.stringMatching(/^(TIMEOUT|BACKEND_UNAVAILABLE)$/) });
            expect(took).toBeGreaterThan(haste - 50);
          }
          for (const { misanswered, late } of [traffic, hasty]) {
            expect(misanswered).toEqual([]);
            // Timers are late where 200 callbacks are due at once, and by as much as this process got no turn.
            expect(late).toBeLessThan(500 + lag.max / 1e6);
          }

          const reader = openStore({ prefix });
          const histories = [...traffic.histories, ...hasty.histories];
          const surely = ({ begunAt, endedAt }: History) =>
            replicas > 0 || endedAt < surelyBefore || begunAt > surelyAfter;
          const certain = histories.filter(({ uncertain }) => !uncertain).filter(surely);
          const kept = certain.filter(({ destroyed }) => destroyed === 'no');
          const counts = await Promise.all(kept.map(async ({ id }) => await reader.get(id)));
          expect(counts.map((session) => (session as { count?: number } | undefined)?.count)).toEqual(
            kept.map(({ count }) => count),
          );
          const gone = histories.filter(surely).filter(({ destroyed }) => destroyed === 'acknowledged');
          const back = await Promise.all(gone.map(async ({ id }) => await reader.get(id)));
          expect(back.filter((session) => session !== undefined)).toEqual([]);
          expect(Math.min(kept.length, gone.length)).toBeGreaterThan(50);
          // What could not be destroyed in time is destroyed in the background.
          const givenUp = histories.filter(({ destroyed }) => destroyed === 'failed');
          await expect
            .poll(
              async () => {
                const sessions = await Promise.all(givenUp.map(async ({ id }) => await reader.get(id)));
                return sessions.filter((session) => session !== undefined).length;
              },
              { timeout: 20_000, interval: 500 },
            )
            .toBe(0);
        }, 180_000);
      }
    });
  }
});
