import {
  type FaultProxy,
  type RedisSentinel,
  startFaultProxy,
  startRedisSentinel,
} from '@session-stores/test-harness';
import { Redis } from 'ioredis';
import { Redis as Redis5 } from 'ioredis-5';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { one, opened, sample, within } from '../../../test-harness/src/own-tests/backend-calls.js';
import { describeWithServer } from '../../../test-harness/src/servers/needs.js';
import { RedisBackend } from '../src/index.js';
import { replicated } from './topologies.js';

describeWithServer('redis-server', 'a Redis behind Sentinel', () => {
  let sentinel: RedisSentinel;
  const unhandled: unknown[] = [];
  const note = (reason: unknown) => unhandled.push(reason);
  const ends: (() => unknown)[] = [];

  beforeAll(async () => {
    process.on('unhandledRejection', note);
    sentinel = await startRedisSentinel({ args: ['--appendonly', 'yes'] });
  }, 90_000);
  beforeEach(() => sentinel.settled(), 90_000);
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
    expect(unhandled).toEqual([]);
  });
  afterAll(async () => {
    process.off('unhandledRejection', note);
    await sentinel.stop();
  });

  async function backendOn(options: object = {}, Client = Redis): Promise<RedisBackend> {
    const sentinels = [...sentinel.sentinels];
    const client = new Client({ sentinels, name: sentinel.name, lazyConnect: true, ...options });
    client.on('error', () => {});
    const [backend] = await opened(new RedisBackend({ client }));
    ends.push(() => backend.close());
    return backend;
  }

  /** Writes and reads until it works, expecting of all failures that they pass. Resolves to how many ms that took. */
  async function worksAgain(backend: RedisBackend): Promise<number> {
    const started = performance.now();
    const attempt = async () => {
      const write = sample();
      try {
        expect(await one(backend.write([write], within(1_000)))).toEqual({ status: 'written' });
        expect(await one(backend.read([write.id], within(1_000)))).toMatchObject({ data: write.data });
        return true;
      } catch (error) {
        expect(error).toMatchObject({ transient: true });
        return false;
      }
    };
    await expect.poll(attempt, { timeout: 30_000, interval: 50 }).toBe(true);
    return performance.now() - started;
  }

  for (const [name, Client] of [
    ['ioredis 6', Redis],
    ['ioredis 5', Redis5 as unknown as typeof Redis],
  ] as const) {
    describe(`with ${name}`, () => {
      it('our connection follows the master that is killed, and leaves it alone when it comes back', async () => {
        const backend = await backendOn({}, Client);
        const write = sample();
        await backend.write([write], within());
        const old = await sentinel.master();
        await replicated(old, 'any');
        await old.kill();
        await worksAgain(backend);
        expect(await one(backend.read([write.id], within()))).toMatchObject({ data: write.data });
        await sentinel.settled();
        await sentinel.setDownAfter(60_000);
        ends.push(() => sentinel.setDownAfter(1_000));
        await old.restart();
        // For some seconds it takes itself for the master. Who connects now asks the sentinels.
        const fresh = await backendOn({}, Client);
        const { id, birth } = write;
        await backend.remove([{ id, birth, grace: 60_000 }], within());
        expect(await fresh.read([id], within())).toEqual([undefined]);
        await sentinel.settled();
        expect(await fresh.read([id], within())).toEqual([undefined]);
        expect(await backend.read([id], within())).toEqual([undefined]);
      }, 90_000);

      it('a master that hangs is left for the new one', async () => {
        const backend = await backendOn({}, Client);
        const old = await sentinel.master();
        old.pause();
        ends.push(() => old.resume());
        await sentinel.settled();
        await worksAgain(backend);
        old.resume();
        await sentinel.settled();
        await worksAgain(backend);
      }, 90_000);
    });
  }

  it('a promotion on request: no call fails for good, and none goes to who is a replica now', async () => {
    const backend = await backendOn();
    const old = await sentinel.master();
    const admin = new Redis(sentinel.watchers[0]?.port ?? 0);
    await admin.call('sentinel', 'failover', sentinel.name);
    admin.disconnect();
    await expect.poll(async () => (await sentinel.master()).port, { timeout: 30_000 }).not.toBe(old.port);
    await worksAgain(backend);
    await sentinel.settled();
    await worksAgain(backend);
  }, 90_000);

  it('a client that reads from replicas reads from the master here', async () => {
    const backend = await backendOn({ role: 'slave' });
    for (let i = 0; i < 50; i += 1) {
      const write = sample();
      expect(await one(backend.write([write], within()))).toEqual({ status: 'written' });
      expect(await one(backend.read([write.id], within()))).toMatchObject({ revision: write.revision });
    }
  });

  describe('sentinels that are away', () => {
    let silent: FaultProxy;
    beforeEach(async () => {
      silent = await startFaultProxy(sentinel.sentinels[0] as { host: string; port: number });
      await silent.setMode('hang');
    });
    afterEach(() => silent.close());

    it('two that never answer cost a connection a second each', async () => {
      const dead = { host: '127.0.0.1', port: 1 };
      const sentinels = [silent.address, dead, silent.address, ...sentinel.sentinels];
      const started = performance.now();
      const backend = await backendOn({ sentinels, updateSentinels: false });
      expect(performance.now() - started).toBeLessThan(3_500);
      expect(await backend.read(['a'], within())).toEqual([undefined]);
    });

    it('a next connection begins with another: more silent ones than there is time for are got past', async () => {
      const sentinels = [...Array.from({ length: 5 }, () => silent.address), ...sentinel.sentinels];
      const client = new Redis({ sentinels, name: sentinel.name, lazyConnect: true, updateSentinels: false });
      const backend = new RedisBackend({ client });
      ends.push(() => backend.close());
      expect(await backend.read(['a'], within(12_000))).toEqual([undefined]);
    }, 20_000);

    it('all of them: who is connected goes on, who is not fails for now and says why', async () => {
      const backend = await backendOn();
      await Promise.all(sentinel.watchers.map((watcher) => watcher.kill()));
      ends.push(() => Promise.all(sentinel.watchers.map((watcher) => watcher.restart())));
      await worksAgain(backend);
      const client = new Redis({
        sentinels: [...sentinel.sentinels],
        name: sentinel.name,
        lazyConnect: true,
      });
      const late = new RedisBackend({ client });
      ends.push(() => late.close());
      const failure = await late.read(['a'], within(500)).catch((error: unknown) => error);
      expect(failure).toMatchObject({ kind: 'CONNECTION', transient: true });
      expect(String(failure)).toContain('All sentinels are unreachable');
      await Promise.all(sentinel.watchers.map((watcher) => watcher.restart()));
      expect(await late.read(['a'], within())).toEqual([undefined]);
    }, 60_000);
  });
});
