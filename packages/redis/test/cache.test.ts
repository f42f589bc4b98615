import { randomUUID } from 'node:crypto';
import type { CallContext, ReadAnswer } from '@session-stores/core';
import { SessionStore } from '@session-stores/core';
import {
  type FaultMode,
  type FaultProxy,
  type RedisServer,
  startFaultProxy,
  startRedis,
} from '@session-stores/test-harness';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import {
  Destroyer,
  lastRead,
  measureStaleReads,
  sharedClock,
} from '../../../test-harness/src/own-tests/stale-reads.js';
import { describeWithServer } from '../../../test-harness/src/servers/needs.js';
import { RedisBackend, type RedisBackendOptions, RedisStore } from '../src/index.js';

/** Ms; core's README. */
const bound = 2_000;
const session = (fields: object = {}) =>
  ({ cookie: { originalMaxAge: 60_000 }, ...fields }) as unknown as Parameters<RedisStore['set']>[1];

class CountingBackend extends RedisBackend {
  reads = 0;

  override read(ids: readonly string[], context: CallContext): Promise<readonly ReadAnswer[]> {
    this.reads++;
    return super.read(ids, context);
  }
}

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

  /** A store whose cache is up. */
  async function caching(given: RedisBackendOptions) {
    const backend = new CountingBackend(given);
    const store = new SessionStore(backend, { cache: {}, operationTimeout: 500 });
    const errors: Error[] = [];
    store.on('storeError', ({ operation, error }) => operation === undefined && errors.push(error));
    onTestFinished(async () => void (await store.close()));
    await store.set('warm', session());
    await untilServed(backend, store, 'warm');
    return { backend, store, errors };
  }

  /** Resolves when a session is served without a call. */
  async function untilServed(backend: CountingBackend, store: SessionStore, id: string): Promise<void> {
    await expect
      .poll(
        async () => {
          await store.get(id).catch(() => {});
          const before = backend.reads;
          await store.get(id).catch(() => {});
          return backend.reads === before;
        },
        { timeout: 10_000 },
      )
      .toBe(true);
  }

  it('shows a session that another process destroyed for some ms at the most', async () => {
    const given = options('stale:');
    const { backend, store } = await caching(given);
    const destroyer = await Destroyer.start(
      `import { RedisStore } from '@session-stores/redis';`,
      `new RedisStore(${JSON.stringify({ ...given, cache: { maxEntries: 0 } })})`,
      import.meta.url,
    );
    const rounds = 1_000;
    const measured = await measureStaleReads(store, () => backend.reads, destroyer, rounds);
    await destroyer.end();
    console.log('redis: ms from destroy to the last stale read', measured);
    expect(measured.served).toBeGreaterThan(0.9 * rounds);
    expect(measured.longest).toBeLessThan(bound);
    expect(measured.p50).toBeLessThan(50);
  }, 60_000);

  describe.each<FaultMode>(['hang', 'silence', 'refuse', 'reset', 'cutReplies'])(
    'through a network that is: %s',
    (mode) => {
      it(`shows no destroyed session beyond the bound, and is back afterwards`, async () => {
        const prefix = `${mode}:`;
        const proxy: FaultProxy = await startFaultProxy(server.address);
        onTestFinished(() => proxy.close());
        const client = new Redis(proxy.address.port, { lazyConnect: true });
        onTestFinished(() => client.disconnect());
        const { backend, store } = await caching({ client, prefix });
        const direct = new RedisStore({ ...options(prefix), cache: { maxEntries: 0 } });
        onTestFinished(async () => void (await direct.close()));
        await store.set('a', session());
        await untilServed(backend, store, 'a');

        await proxy.setMode(mode);
        await direct.destroy('a');
        const destroyed = sharedClock();
        expect((await lastRead(store, 'a')) - destroyed).toBeLessThan(bound);
        await proxy.setMode('pass');
        await expect.poll(() => store.get('a').catch(() => 'failed'), { timeout: 10_000 }).toBeUndefined();
        await untilServed(backend, store, 'warm');
        await direct.destroy('warm');
        await expect.poll(() => store.get('warm'), { timeout: 1_000 }).toBeUndefined();
      }, 30_000);
    },
  );

  it('hears nothing of its own changes, and serves what it saved', async () => {
    const { backend, store } = await caching(options('own:'));
    const before = backend.reads;
    for (let n = 0; n < 20; n++) {
      await store.update('warm', (data) => void Object.assign(data, { n }));
      await new Promise((resolve) => setTimeout(resolve, 5)); // The announcement arrives, or is on its way.
      expect(await store.get('warm')).toMatchObject({ n });
    }
    expect(backend.reads).toBe(before);
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

  it('reads from the server where it may not subscribe, and says so once', async () => {
    const admin = new Redis(server.port);
    onTestFinished(() => admin.disconnect());
    await admin.call('ACL', 'SETUSER', 'deaf', 'on', '>secret', '~*', '+@all', 'resetchannels');
    const url = `redis://deaf:secret@${server.address.host}:${server.port}`;
    const store = new RedisStore({ url, prefix: 'deaf:', cache: {} });
    onTestFinished(async () => void (await store.close()));
    const errors: Error[] = [];
    store.on('storeError', ({ error }) => errors.push(error));
    await store.set('a', session({ n: 1 }));
    await expect.poll(() => errors.length).toBe(1);
    expect(errors[0]?.cause).toMatchObject({ kind: 'NOPERM' });
    expect(await store.get('a')).toMatchObject({ n: 1 });
    await new Promise((resolve) => setTimeout(resolve, 500)); // It has tried again meanwhile.
    expect(errors).toHaveLength(1);
  });

  it('ends with the store: no connection and no timer is left', async () => {
    const admin = new Redis(server.port);
    onTestFinished(() => admin.disconnect());
    const { store } = await caching(options('end:'));
    const subscribed = () => admin.pubsub('CHANNELS', 'session-stores:end:*');
    expect(await subscribed()).toHaveLength(2);
    await store.close();
    await expect.poll(subscribed).toEqual([]);
  });
});
