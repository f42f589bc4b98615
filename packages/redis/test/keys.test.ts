import { type RedisServer, startRedis } from '@session-stores/test-harness';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { opened, sample, within } from '../../../test-harness/src/own-tests/backend-calls.js';
import { describeWithServer } from '../../../test-harness/src/servers/needs.js';
import { RedisBackend } from '../src/index.js';

describeWithServer('redis-server', 'keys in a Redis', () => {
  let server: RedisServer;
  let client: Redis;
  beforeAll(async () => {
    server = await startRedis();
    client = new Redis(server.port);
  });
  afterAll(async () => {
    client.disconnect();
    await server.stop();
  });
  beforeEach(async () => {
    await client.flushall();
  });

  async function ids(backend: RedisBackend): Promise<string[]> {
    const found: string[] = [];
    for await (const page of backend.scan(within())) found.push(...page.map(({ id }) => id));
    return found.sort();
  }

  describe('a prefix', () => {
    for (const prefix of ['a*', 'a?', 'a[b]', 'a\\', 'a[^b', '{a}:', '']) {
      it(`${JSON.stringify(prefix)} is data, never a pattern`, async () => {
        const [backend] = await opened(new RedisBackend({ client, prefix }));
        // One of them at least matches the prefix if that is read as a pattern.
        const foreign = ['ab', 'axx', 'a', 'ac', 'a^', 'a\\x', 'a1:'].filter(
          (key) => !key.startsWith(prefix),
        );
        for (const key of foreign) await client.set(key, '{}');
        const before = await client.dbsize();
        const strange = ['*', '?', '[', '\\', 'ü😀', '{x}', ' ', '\n'].map((id) => sample({ id }));
        await backend.write(strange, within());
        expect(await ids(backend)).toEqual(strange.map(({ id }) => id).sort());
        expect(await backend.count(within())).toBe(strange.length);
        await backend.clear({ ...within(), grace: 0 });
        expect(await backend.count(within())).toBe(0);
        expect(await client.dbsize()).toBe(before);
        await backend.close();
      });
    }

    it('comes after the keyPrefix of the client, which SCAN ignores', async () => {
      const prefixed = new Redis(server.port, { keyPrefix: 'app[1]:' });
      const [backend] = await opened(new RedisBackend({ client: prefixed }));
      const write = sample();
      await backend.write([write], within());
      expect(await client.keys('*')).toEqual([`app[1]:sess:${write.id}`]);
      expect(await prefixed.exists(`sess:${write.id}`)).toBe(1);
      expect(await ids(backend)).toEqual([write.id]);
      await backend.clear({ ...within(), grace: 0 });
      expect(await client.dbsize()).toBe(0);
      await backend.close();
      prefixed.disconnect();
    });
  });

  describe('a scan', () => {
    it('finds each of many, counts each once, and shows no grave', async () => {
      const [backend] = await opened(new RedisBackend({ client }));
      const writes = Array.from({ length: 2_000 }, () => sample());
      for (let i = 0; i < writes.length; i += 500) await backend.write(writes.slice(i, i + 500), within());
      await backend.remove(
        writes.slice(0, 500).map(({ id, birth }) => ({ id, birth, grace: 60_000 })),
        within(),
      );
      expect(await client.dbsize()).toBe(2_000);
      expect(new Set(await ids(backend)).size).toBe(1_500);
      expect(await backend.count(within())).toBe(1_500);
      await backend.close();
    });

    it('leaves a key of another type alone', async () => {
      const [backend] = await opened(new RedisBackend({ client }));
      await client.hset('sess:hash', 'a', '1');
      const write = sample();
      await backend.write([write], within());
      expect(await ids(backend)).toEqual([write.id]);
      expect(await backend.count(within())).toBe(1);
      await backend.clear({ ...within(), grace: 0 });
      expect(await client.keys('*')).toEqual(['sess:hash']);
      await backend.close();
    });

    it('leaves graves of what it cleared', async () => {
      const [backend] = await opened(new RedisBackend({ client }));
      const write = sample();
      await backend.write([write], within());
      await backend.clear({ ...within(), grace: 60_000 });
      expect(await backend.write([write], within())).toEqual([{ status: 'gone' }]);
      expect(await backend.count(within())).toBe(0);
      await backend.close();
    });
  });
});
