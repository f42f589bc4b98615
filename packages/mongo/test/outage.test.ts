import { type FaultProxy, type MongoServer, startFaultProxy, startMongo } from '@session-stores/test-harness';
import { MongoClient } from 'mongodb';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { one, opened, sample, within } from '../../../test-harness/src/own-tests/backend-calls.js';
import { describeWithServer } from '../../../test-harness/src/servers/needs.js';
import { MongoBackend, type MongoBackendOptions, type MongoClientLike } from '../src/index.js';

describeWithServer('mongo-server', 'an outage', (_path) => {
  let server: MongoServer;
  let proxy: FaultProxy;
  const ends: (() => unknown)[] = [];
  const unhandled: unknown[] = [];
  const note = (reason: unknown) => unhandled.push(reason);

  beforeAll(async () => {
    process.on('unhandledRejection', note);
    server = await startMongo();
  }, 60_000);
  beforeEach(async () => {
    proxy = await startFaultProxy(server.address);
  });
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
    await proxy.close();
    expect(unhandled).toEqual([]);
  });
  afterAll(async () => {
    process.off('unhandledRejection', note);
    await server.stop();
  });

  const through = () => `mongodb://127.0.0.1:${proxy.address.port}/?directConnection=true`;

  /** A client of the application; with a small pool it is soon seen whether connections are given up. */
  function clientOf(url: string, options = {}): MongoClient {
    const client = new MongoClient(url, options);
    ends.push(() => client.close());
    return client;
  }

  function backendOf(options: MongoBackendOptions): MongoBackend {
    const backend = new MongoBackend({ database: 'outage', ...options });
    ends.push(() => backend.close());
    return backend;
  }

  const failureOf = (call: Promise<unknown>) =>
    call.then(
      () => expect.fail('succeeded'),
      (error: unknown) => error,
    );

  for (const [name, options] of [
    ['a client of our own', () => ({ url: through() })],
    ['a client of the application', () => ({ client: clientOf(through(), { connectTimeoutMS: 2_000 }) })],
    [
      'one whose pool is small',
      () => ({ client: clientOf(through(), { connectTimeoutMS: 2_000, maxPoolSize: 2 }) }),
    ],
  ] as const) {
    describe(`on ${name}`, () => {
      let backend: MongoBackend;
      beforeEach(async () => {
        [backend] = await opened(backendOf(options()));
      });

      it('a call waits for the connection and succeeds', async () => {
        await proxy.setMode('refuse');
        // The driver notices by itself that its idle connections are gone; what it sends from then on has to wait.
        await nothing(50);
        const written = one(backend.write([sample()], within(10_000)));
        expect(await Promise.race([written, nothing(300)])).toBe('nothing');
        await proxy.setMode('pass');
        expect(await written).toEqual({ status: 'written' });
      });

      it('a call whose time is up without a connection fails for now, and nothing of it is sent later', async () => {
        const write = sample();
        await proxy.setMode('refuse');
        await nothing(50);
        const failure = await failureOf(backend.write([write], within(200)));
        expect(failure).toMatchObject({ kind: 'TIMEOUT', transient: true });
        await proxy.setMode('pass');
        expect(await backend.read([write.id], within(10_000))).toEqual([undefined]);
      });

      it('connections that are silent for good are given up; the next call has a new one', async () => {
        const write = sample();
        await backend.write([write], within());
        // Several idle connections, so that giving up one of them is not enough.
        await Promise.all(Array.from({ length: 8 }, () => backend.read([write.id], within())));
        await proxy.setMode('silence');
        expect(await failureOf(backend.read([write.id], within(300)))).toMatchObject({
          kind: 'TIMEOUT',
          transient: true,
        });
        expect(await one(backend.read([write.id], within(3_000)))).toMatchObject({ data: write.data });
      });

      it('calls that all wait on silent connections leave the pool to those who come after them', async () => {
        const write = sample();
        await backend.write([write], within());
        await proxy.setMode('silence');
        const signal = AbortSignal.timeout(300);
        await Promise.allSettled(Array.from({ length: 20 }, () => backend.read([write.id], { signal })));
        expect(await one(backend.read([write.id], within(3_000)))).toMatchObject({ data: write.data });
      });

      it('a reply that is cut off is a failure that passes, and the work is done once', async () => {
        const write = sample();
        await proxy.setMode('cutReplies');
        expect(await failureOf(backend.write([write], within(1_000)))).toMatchObject({ transient: true });
        await proxy.setMode('pass');
        expect(await one(backend.read([write.id], within(10_000)))).toMatchObject({
          revision: write.revision,
        });
      });

      it('a network that hangs holds up a call, and no longer than it hangs', async () => {
        const write = sample();
        await backend.write([write], within());
        await proxy.setMode('hang');
        expect(await failureOf(backend.read([write.id], within(200)))).toMatchObject({ transient: true });
        const waiting = backend.read([write.id], within(10_000));
        await nothing(300);
        await proxy.setMode('pass');
        expect(await one(waiting)).toMatchObject({ data: write.data });
      });

      it('an expiry counts from the call, not from when a connection was there', async () => {
        const write = sample({ expiry: { in: 15_000, exact: true } });
        await proxy.setMode('refuse');
        await nothing(50);
        const called = Date.now();
        const written = backend.write([write], within(10_000));
        expect(await Promise.race([written, nothing(400)])).toBe('nothing');
        await proxy.setMode('pass');
        expect(await one(written)).toEqual({ status: 'written' });
        const { expiresAt } = (await one(backend.read([write.id], within()))) as { expiresAt: number };
        expect(Math.abs(expiresAt - (called + 15_000))).toBeLessThan(50);
      });
    });
  }

  it('a call that waits on a slow connection keeps it when the time of another is up', async () => {
    const [backend] = await opened(backendOf({ url: through() }));
    proxy.setDelay(200);
    const patient = backend.read(['a'], within(5_000));
    expect(await failureOf(backend.read(['b'], within(100)))).toMatchObject({ kind: 'TIMEOUT' });
    expect(await patient).toEqual([undefined]);
  });

  it('after a SIGKILL of the server calls fail for now; after its restart all is as it was', async () => {
    // A mongod 4.4 without a replica set takes `majority` alone for what is in its memory.
    const writeConcern = { journal: true };
    const [backend] = await opened(backendOf({ url: through(), writeConcern }));
    const write = sample();
    await backend.write([write], within());
    await server.kill();
    expect(await failureOf(backend.read([write.id], within(300)))).toMatchObject({ transient: true });
    const waiting = backend.read([write.id], within(20_000));
    await server.restart();
    expect(await one(waiting)).toMatchObject({ data: write.data, revision: write.revision });
  }, 60_000);

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
    expect(await client.db('outage').command({ ping: 1 })).toMatchObject({ ok: 1 });
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
      await nothing(20);
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

/** There is no event for "has not answered yet". */
function nothing(milliseconds: number): Promise<'nothing'> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds, 'nothing'));
}
