import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeWithServer } from '../../../test-harness/src/servers/needs.js';
import { RetryingRedisStore } from '../src/index.js';
import { replicated, type Topology, topologies } from './topologies.js';

const rounds = 20;
/** Its key has the slot of what is in the braces, as any other key with the same has. */
const id = '{a}';
const key = `sess:${id}`;
const session = { cookie: { originalMaxAge: 600_000 }, user: 'ada' } as never;

describeWithServer('redis-server', 'a master killed right after it has acknowledged a destroy', () => {
  for (const [name, start] of Object.entries(topologies)) {
    describe(`of ${name}`, () => {
      let topology: Topology;
      const stores: RetryingRedisStore[] = [];
      beforeAll(async () => {
        topology = await start();
      }, 90_000);
      afterAll(async () => {
        await Promise.all(stores.map((store) => store.close()));
        await topology.stop();
      });

      function openStore(replicas: number): RetryingRedisStore {
        const store = new RetryingRedisStore({ client: topology.client(), replicas });
        store.on('storeError', () => {});
        stores.push(store);
        return store;
      }

      it(`with replicas: 1 the session never comes back (${rounds} times)`, async () => {
        const [store, witness] = [openStore(1), openStore(0)];
        for (let round = 0; round < rounds; round += 1) {
          await store.set(id, session);
          const master = await topology.masterOf(key);
          // Every other time the replica is away at first: the destroy has to wait for it.
          const replica = round % 2 === 0 ? undefined : await topology.replicaOf(key);
          await replica?.kill();
          const destroyed = store.destroy(id);
          // More than the master needs to do it and to answer.
          const early = replica && (await Promise.race([destroyed.then(() => true), pause(100, false)]));
          if (early === false) await replica?.restart();
          await destroyed;
          await master.kill();
          if (early === true) await replica?.restart();
          await topology.settled();
          expect(await witness.get(id), `round ${round}`).toBeUndefined();
          await topology.takeBack(master, key);
          await topology.settled();
        }
      }, 600_000);

      it('without it, one whose end the replica has missed is back: what the README says', async () => {
        const [store, witness] = [openStore(0), openStore(0)];
        await store.set(id, session);
        const [master, replica] = [await topology.masterOf(key), await topology.replicaOf(key)];
        await replicated(master, id);
        await replica.kill();
        await store.destroy(id);
        await master.kill();
        await replica.restart();
        await topology.settled();
        expect(await witness.get(id)).toMatchObject({ user: 'ada' });
        await topology.takeBack(master, key);
      }, 120_000);
    });
  }
});
