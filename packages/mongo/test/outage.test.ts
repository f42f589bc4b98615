import { setTimeout as delay } from 'node:timers/promises';
import { type MongoServer, startMongo } from '@session-stores/test-harness';
import { MongoClient, type MongoClientOptions } from 'mongodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { one, sample, within } from '../../../test-harness/src/own-tests/backend-calls.js';
import { describeOutages } from '../../../test-harness/src/own-tests/outages.js';
import { describeWithServer } from '../../../test-harness/src/servers/needs.js';
import { MongoBackend, type MongoBackendOptions } from '../src/index.js';

describeWithServer('mongo-server', 'an outage', (_path) => {
  let server: MongoServer;
  let client: MongoClient | undefined;
  beforeAll(async () => {
    server = await startMongo();
  }, 60_000);
  afterAll(() => server.stop());

  /** A client of the application. */
  function clientOf(url: string, options: MongoClientOptions = {}): MongoClient {
    client = new MongoClient(url, { connectTimeoutMS: 2_000, ...options });
    return client;
  }

  describe.each<[name: string, options: (url: string) => MongoBackendOptions]>([
    ['a client of our own', (url) => ({ url })],
    ['a client of the application', (url) => ({ client: clientOf(url) })],
    // It is soon seen whether connections are given up.
    ['one whose pool is small', (url) => ({ client: clientOf(url, { maxPoolSize: 2 }) })],
  ])('on %s', (_, options) => {
    const outage = describeOutages({
      server: () => server,
      backend: ({ host, port }) =>
        new MongoBackend({
          ...options(`mongodb://${host}:${port}/?directConnection=true`),
          database: 'outage',
          // A mongod 4.4 without a replica set takes `majority` alone for what is in its memory.
          writeConcern: { journal: true },
        }),
      end: () => client?.close(),
      // The driver notices by itself that its idle connections are gone, and tells nobody.
      noticed: () => delay(50),
      unreachable: { kind: 'TIMEOUT', after: 200 },
      // Giving up one of several idle connections is not enough.
      silence: { connections: 8, calls: 1, endsWithin: 3_300 },
      expiryOff: 50,
      backWithin: 20_000,
    });

    it('calls that all wait on silent connections leave the pool to those who come after them', async () => {
      const { backend, proxy } = outage;
      const write = sample();
      await backend.write([write], within());
      await proxy.setMode('silence');
      const signal = AbortSignal.timeout(300);
      await Promise.allSettled(Array.from({ length: 20 }, () => backend.read([write.id], { signal })));
      expect(await one(backend.read([write.id], within(3_000)))).toMatchObject({ data: write.data });
    });
  });
});
