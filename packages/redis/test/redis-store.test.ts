import { type RedisServer, startFaultProxy, startRedis } from '@session-stores/test-harness';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeWithServer } from '../../../test-harness/src/servers/needs.js';
import { RetryingRedisStore } from '../src/index.js';

describeWithServer('redis-server', 'RetryingRedisStore', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis({ args: ['--appendonly', 'yes', '--appendfsync', 'always'] });
  });
  afterAll(() => server.stop());

  const session = (user: string) =>
    ({ cookie: { originalMaxAge: 60_000 }, user }) as unknown as Parameters<RetryingRedisStore['set']>[1];

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
        const client = new Redis(proxy.address.port, { lazyConnect: true });
        const store = new RetryingRedisStore({ client, prefix: `${outage}:` });
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
        client.disconnect();
        await proxy.close();
      }, 20_000);
    }
  });
});
