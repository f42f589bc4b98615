import { startFaultProxy, startMongo } from '@session-stores/test-harness';
import { MongoClient } from 'mongodb';
import { expect, it, onTestFinished } from 'vitest';
import { within } from '../../../test-harness/src/own-tests/backend-calls.js';
import { describeWithServer } from '../../../test-harness/src/servers/needs.js';
import { MongoBackend, MongoStore } from '../src/index.js';

describeWithServer('mongo-server', 'the client of a store', () => {
  async function proxied() {
    const server = await startMongo();
    const proxy = await startFaultProxy(server.address);
    onTestFinished(async () => {
      await proxy.close();
      await server.stop();
    });
    return { proxy, url: `mongodb://127.0.0.1:${proxy.address.port}/?directConnection=true` };
  }

  it('leaves no connection behind where it was given up', { timeout: 60_000 }, async () => {
    const { proxy, url } = await proxied();
    const backend = new MongoBackend({ url });
    await backend.read(['a'], within());
    const before = proxy.connections;
    for (let round = 0; round < 3; round++) {
      proxy.setDelay(400);
      await expect(backend.read(['a'], within(100))).rejects.toMatchObject({ kind: 'TIMEOUT' });
      proxy.setDelay(0);
      await backend.read(['a'], within(10_000));
    }
    await expect.poll(() => proxy.connections).toBeLessThanOrEqual(before);
    await backend.close();
  });

  it('that the application has made connects again where a connect failed and nobody waited any more', {
    timeout: 60_000,
  }, async () => {
    const { proxy, url } = await proxied();
    await proxy.setMode('refuse');
    const client = new MongoClient(url, { serverSelectionTimeoutMS: 500 });
    onTestFinished(() => client.close());
    let isOver = false;
    const connect = client.connect.bind(client);
    client.connect = () => connect().finally(() => setImmediate(() => (isOver = true)));
    const backend = new MongoBackend({ client, database: 'session_stores_own_client' });
    await expect(backend.read(['a'], within(100))).rejects.toMatchObject({ kind: 'TIMEOUT' });
    await expect.poll(() => isOver).toBe(true);
    await proxy.setMode('pass');
    expect(await backend.read(['a'], within(10_000))).toEqual([undefined]);
  });

  it('that is closed while it looks after the index tells of no failure', async () => {
    const { url } = await proxied();
    const store = new MongoStore({ url });
    const failures: unknown[] = [];
    store.on('storeError', (failure) => failures.push(failure));
    const session = { cookie: { originalMaxAge: 60_000 } } as never;
    await store.set('a', session);
    const { now } = performance;
    // It looks once a minute.
    performance.now = () => now.call(performance) + 61_000;
    onTestFinished(() => {
      performance.now = now;
    });
    await store.set('b', session);
    await store.close();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(failures).toEqual([]);
  });
});
