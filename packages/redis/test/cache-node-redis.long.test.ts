import { type RedisServer, startRedis } from '@session-stores/test-harness';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { caching, describeCache } from '../../../test-harness/src/own-tests/cache-tests.js';
import { describeWithServer } from '../../../test-harness/src/servers/needs.js';
import { RedisBackend, type RedisBackendOptions, RedisStore } from '../src/index.js';
import { nodeRedis5, nodeRedis6 } from './applications.js';

describeWithServer('redis-server', 'the cache of a Redis store with a client of', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server.stop());

  describe.each([
    ['node-redis 6', nodeRedis6],
    ['node-redis 5', nodeRedis5],
  ])('%s', (name, connect) => {
    let places = 0;
    describeCache<RedisBackendOptions>({
      name,
      server: () => server.address,
      // What the other process has, too.
      fresh: () => ({ url: `redis://127.0.0.1:${server.port}`, prefix: `${name}, place ${++places}:` }),
      open: ({ prefix }, { port } = server.address) =>
        new RedisBackend({ client: connect({ port }).client, prefix }),
      from: '@session-stores/redis',
      Store: RedisStore,
      url: import.meta.url,
    });

    it('ends with the store: no connection and no timer is left', async () => {
      const admin = new Redis(server.port);
      onTestFinished(() => admin.disconnect());
      const backend = new RedisBackend({ client: connect({ port: server.port }).client, prefix: 'end:' });
      const { store } = await caching(backend);
      const subscribed = () => admin.pubsub('CHANNELS', 'session-stores:end:*');
      expect(await subscribed()).toHaveLength(2);
      await store.close();
      await expect.poll(subscribed).toEqual([]);
    });
  });
});
