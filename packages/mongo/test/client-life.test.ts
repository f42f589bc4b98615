import { setTimeout as delay } from 'node:timers/promises';
import { type FaultProxy, type MongoServer, startFaultProxy, startMongo } from '@session-stores/test-harness';
import { MongoClient, type MongoClientOptions } from 'mongodb';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { failureOf, opened, sample, within } from '../../../test-harness/src/own-tests/backend-calls.js';
import { refuseUnhandledRejections } from '../../../test-harness/src/own-tests/unhandled-rejections.js';
import { describeWithServer } from '../../../test-harness/src/servers/needs.js';
import { MongoBackend, type MongoBackendOptions, type MongoClientLike } from '../src/index.js';

describeWithServer('mongo-server', 'the client of a backend', (_path) => {
  let server: MongoServer;
  let proxy: FaultProxy;
  const ends: (() => unknown)[] = [];

  beforeAll(async () => {
    server = await startMongo();
  }, 60_000);
  refuseUnhandledRejections();
  beforeEach(async () => {
    proxy = await startFaultProxy(server.address);
  });
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
    await proxy.close();
  });
  afterAll(() => server.stop());

  const through = () => `mongodb://127.0.0.1:${proxy.address.port}/?directConnection=true`;

  /** Of the application. */
  function clientOf(url: string, options: MongoClientOptions = {}): MongoClient {
    const client = new MongoClient(url, options);
    ends.push(() => client.close());
    return client;
  }

  function backendOf(options: MongoBackendOptions): MongoBackend {
    const backend = new MongoBackend({ database: 'client_life', ...options });
    ends.push(() => backend.close());
    return backend;
  }

  it('closing ends our connections and leaves the client of the application open', async () => {
    const [own] = await opened(backendOf({ url: through() }));
    await own.read(['a'], within());
    await own.close();
    await expect.poll(() => proxy.connections).toBe(0);
    expect(await failureOf(own.read(['a'], within()))).toMatchObject({ kind: 'CLIENT', transient: false });
    const client = clientOf(through());
    const [theirs] = await opened(backendOf({ client }));
    await theirs.close();
    expect(await failureOf(theirs.read(['a'], within()))).toMatchObject({ kind: 'CLIENT', transient: false });
    expect(await client.db('client_life').command({ ping: 1 })).toMatchObject({ ok: 1 });
  });

  it('closing does not wait for a connection that is silent', async () => {
    const [own] = await opened(backendOf({ url: through() }));
    await own.read(['a'], within());
    await proxy.setMode('silence');
    const started = performance.now();
    await own.close();
    expect(performance.now() - started).toBeLessThan(2_000);
  });

  describe('a client that is not connected yet', () => {
    it('is connected by the first call that needs it', async () => {
      const client = clientOf(through());
      const backend = backendOf({ client });
      expect(proxy.connections).toBe(0);
      expect(await backend.read(['a'], within())).toEqual([undefined]);
    });

    it('whose first connection fails is connected by a later call', async () => {
      await proxy.setMode('refuse');
      const client = clientOf(through(), { serverSelectionTimeoutMS: 200 });
      const backend = backendOf({ client });
      const failure = await failureOf(backend.read(['a'], within()));
      expect(failure).toMatchObject({ kind: 'CONNECTION', transient: true });
      expect(String(failure)).toContain('ECONNREFUSED');
      await proxy.setMode('pass');
      expect(await backend.read(['a'], within())).toEqual([undefined]);
    });

    it('that the application has closed again is not opened behind its back', async () => {
      const client = clientOf(through());
      const [backend] = await opened(backendOf({ client }));
      await client.close();
      await expect.poll(() => proxy.connections).toBe(0);
      expect(await failureOf(backend.read(['a'], within()))).toMatchObject({
        kind: 'CLIENT',
        transient: false,
      });
      expect(proxy.connections).toBe(0);
    });

    it('can be promised, and is waited for within the time of a call', async () => {
      let arrive: (client: MongoClientLike) => void = () => {};
      const backend = backendOf({
        client: new Promise<MongoClientLike>((resolve) => {
          arrive = resolve;
        }),
      });
      expect(await failureOf(backend.read(['a'], within(100)))).toMatchObject({ kind: 'TIMEOUT' });
      const waiting = backend.read(['a'], within());
      arrive(clientOf(through()));
      expect(await waiting).toEqual([undefined]);
    });

    it('whose promise is rejected is an error of each call, and unhandled nowhere', async () => {
      const backend = backendOf({ client: Promise.reject(new Error('no such secret')) });
      await delay(20);
      for (const call of [backend.read(['a'], within()), backend.write([sample()], within())]) {
        const failure = await failureOf(call);
        expect(failure).toMatchObject({ kind: 'CLIENT', transient: false });
        expect(String(failure)).toContain('promise');
        expect(String(failure)).not.toContain('secret');
      }
    });

    it('whose promise is kept with something else is told so', async () => {
      const backend = backendOf({ client: Promise.resolve({} as MongoClientLike) });
      expect(String(await failureOf(backend.read(['a'], within())))).toContain(
        'must resolve to a MongoClient',
      );
    });
  });

  it('nobody listening at all: the first call fails, and closing is quick', async () => {
    const early = backendOf({ url: 'mongodb://127.0.0.1:1/' });
    expect(await failureOf(early.read(['a'], within(300)))).toMatchObject({ transient: true });
    await early.close();
  });
});
