import { randomUUID } from 'node:crypto';
import { type RedisServer, startRedis } from '@session-stores/test-harness';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { caching, describeCache, session } from '../../../test-harness/src/own-tests/cache-tests.js';
import { describeWithServer } from '../../../test-harness/src/servers/needs.js';
import { RedisBackend, type RedisBackendOptions, RedisStore } from '../src/index.js';
import { newest } from './applications.js';

describeWithServer('redis-server', 'the cache of a Redis store', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server.stop());

  const options = (prefix: string): RedisBackendOptions => ({
    url: `redis://${server.address.host}:${server.port}`,
    prefix,
  });

  let places = 0;
  describeCache<RedisBackendOptions>({
    name: 'redis',
    server: () => server.address,
    fresh: () => options(`place ${++places}:`),
    open({ prefix, ...direct }, proxy) {
      if (proxy === undefined) return new RedisBackend({ prefix, ...direct });
      const client = new Redis(proxy.port, { lazyConnect: true });
      onTestFinished(() => client.disconnect());
      return new RedisBackend({ client, prefix });
    },
    from: '@session-stores/redis',
    Store: RedisStore,
    url: import.meta.url,
  });

  it('publishes no id, and only where the option is set', async () => {
    const listener = new Redis(server.port);
    const texts: string[] = [];
    listener.on('pmessage', (_, channel, text) => texts.push(`${channel} ${text}`));
    await listener.psubscribe('*');
    onTestFinished(() => listener.disconnect());
    const id = `id-${randomUUID()}`;
    const store = new RedisStore(options('quiet:'));
    await store.set(id, session());
    await store.destroy(id);
    await store.close();
    expect(texts).toEqual([]);
    const telling = new RedisStore({ ...options('loud:'), cache: { maxEntries: 0 } });
    await telling.set(id, session());
    await telling.set(id, session({ n: 1 }));
    await telling.destroy(id);
    await telling.close();
    await expect.poll(() => texts.length).toBe(2);
    expect(texts.join()).not.toContain(id);
    expect(texts[0]).toMatch(/^session-stores:loud: [0-9a-f]{12} /);
  });

  it('makes no change that it may not publish, and says so', async () => {
    const admin = new Redis(server.port);
    onTestFinished(() => admin.disconnect());
    await admin.call('ACL', 'SETUSER', 'mute', 'on', '>secret', '~*', '+@all', 'resetchannels');
    const url = `redis://mute:secret@${server.address.host}:${server.port}`;
    const muted = new RedisStore({ url, prefix: 'mute:', cache: { maxEntries: 0 } });
    onTestFinished(async () => void (await muted.close()));
    await muted.set('a', session());
    await expect(muted.destroy('a')).rejects.toMatchObject({
      code: 'BACKEND_FAILED',
      cause: { message: expect.stringMatching(/channel/) },
    });
    expect(await muted.get('a')).toBeDefined();
  });

  it.each(newest)(
    'reads from the server where it may not subscribe, and says so once, with %s',
    async (name, connect) => {
      const admin = new Redis(server.port);
      onTestFinished(() => admin.disconnect());
      await admin.call('ACL', 'SETUSER', 'deaf', 'on', '>secret', '~*', '+@all', 'resetchannels');
      const { client } = connect({ port: server.port, username: 'deaf', password: 'secret' });
      const store = new RedisStore({ client, prefix: `deaf, ${name}:`, cache: {} });
      onTestFinished(async () => void (await store.close()));
      const errors: Error[] = [];
      store.on('storeError', ({ error }) => errors.push(error));
      await store.set('a', session({ n: 1 }));
      await expect.poll(() => errors.length).toBe(1);
      expect(errors[0]?.cause).toMatchObject({ kind: 'NOPERM' });
      expect(await store.get('a')).toMatchObject({ n: 1 });
      await new Promise((resolve) => setTimeout(resolve, 500)); // It has tried again meanwhile.
      expect(errors).toHaveLength(1);
    },
  );

  it('ends with the store: no connection and no timer is left', async () => {
    const admin = new Redis(server.port);
    onTestFinished(() => admin.disconnect());
    const { store } = await caching(new RedisBackend(options('end:')));
    const subscribed = () => admin.pubsub('CHANNELS', 'session-stores:end:*');
    expect(await subscribed()).toHaveLength(2);
    await store.close();
    await expect.poll(subscribed).toEqual([]);
  });
});
