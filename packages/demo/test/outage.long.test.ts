import { type FaultProxy, type RedisServer, startFaultProxy, startRedis } from '@session-stores/test-harness';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithServer } from '../../../test-harness/src/servers/needs.js';
import { RunningDemo } from '../src/running-demo.js';
import { Visitor } from './visitor.js';

describeWithServer('redis-server', 'the demo on Redis, when it fails', () => {
  let redis: RedisServer;
  let proxy: FaultProxy;

  beforeAll(async () => {
    redis = await startRedis();
    const { hostname, port } = new URL(redis.url);
    proxy = await startFaultProxy({ host: hostname, port: Number(port) });
  });
  afterAll(async () => {
    await proxy?.close();
    await redis?.stop();
  });

  it('says 503 to a logout that the store cannot do, keeps the cookie, and the session is dead all the same', async () => {
    const { host, port } = proxy.address;
    const demo = await RunningDemo.start({
      store: `redis://${host}:${port}`,
      host: '127.0.0.1',
      port: 0,
      idleLimit: 600_000,
      secret: undefined,
    });
    const visitor = new Visitor(demo.url);
    await visitor.login('Ada');
    const cookie = visitor.cookie;
    // The session is read, then the network goes: the destroy has nothing to reach.
    const failing = new Promise<void>((resolve) => {
      demo.store.once('loaded', () => resolve(proxy.setMode('refuse')));
    });
    const reply = await visitor.logout();
    await failing;
    expect(reply.status).toBe(503);
    expect(visitor.cookie).toBe(cookie);
    // An outage is never taken for a stranger.
    expect((await visitor.session).status).toBe(503);
    await proxy.setMode('pass');
    expect((await visitor.session).body.user).toBeNull();
    expect((await demo.stop()).unfinishedDeletions).toEqual([]);
  }, 90_000);
});
