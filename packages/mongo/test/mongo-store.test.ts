import { type MongoServer, startFaultProxy, startMongo } from '@session-stores/test-harness';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeWithServer } from '../../../test-harness/src/servers/needs.js';
import { RetryingMongoStore } from '../src/index.js';

describeWithServer('mongo-server', 'RetryingMongoStore', (_path) => {
  let server: MongoServer;
  beforeAll(async () => {
    server = await startMongo();
  }, 60_000);
  afterAll(() => server.stop());

  // A mongod 4.4 without a replica set takes `majority` alone for what is in its memory.
  const writeConcern = { journal: true };

  const session = (user: string) =>
    ({ cookie: { originalMaxAge: 60_000 }, user }) as unknown as Parameters<RetryingMongoStore['set']>[1];

  describe('an outage', () => {
    for (const [what, outage] of [
      ['the server is killed and started again', 'SIGKILL'],
      ['existing connections are silent for good', 'silence'],
      ['replies are cut off after the server did the work', 'cutReplies'],
      ['the network is gone for 0.7 s', 'refuse'],
      ['the network hangs for 3 s', 'hang'],
    ] as const) {
      it(`destroys for good while ${what}`, async () => {
        const proxy = await startFaultProxy(server.address);
        const url = `mongodb://127.0.0.1:${proxy.address.port}/outages?directConnection=true`;
        const store = new RetryingMongoStore({ url, collection: outage, writeConcern });
        await store.set('a', session('ada'));
        await store.set('b', session('bob'));
        if (outage === 'SIGKILL') await server.kill();
        else await proxy.setMode(outage);
        const destroyed = store.destroy('a');
        // How long the outage takes is what is tested.
        await new Promise((resolve) => setTimeout(resolve, outage === 'hang' ? 3_000 : 700));
        if (outage === 'SIGKILL') await server.restart();
        else if (outage !== 'silence') await proxy.setMode('pass');
        await destroyed;
        expect(await store.get('a')).toBeFalsy();
        expect(await store.get('b')).toMatchObject({ user: 'bob' });
        expect(await store.length()).toBe(1);
        await store.close();
        await proxy.close();
      }, 30_000);
    }
  });

  it('keeps what it has acknowledged when the server is killed the moment after', async () => {
    const store = new RetryingMongoStore({ url: server.url, database: 'kept', writeConcern });
    for (let round = 0; round < 3; round++) {
      await store.set('a', session('ada'));
      await store.set('b', session(`bob ${round}`));
      await store.destroy('a');
      await server.kill();
      await server.restart();
      expect(await store.get('a')).toBeFalsy();
      expect(await store.get('b')).toMatchObject({ user: `bob ${round}` });
    }
    await store.close();
  }, 60_000);
});
