import { Cluster, Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithServer } from '../../src/servers/needs.js';
import { readCompose } from './compose-file.js';
import { ComposeRunner } from './compose-runner.js';

const limit = 60_000;
const file = readCompose('compose.cluster.yaml');

describeWithServer('redis-server', 'the Redis Cluster of docker/compose.cluster.yaml', () => {
  const nodes = [1, 2, 3, 4, 5, 6].map((number) => `redis-cluster-${number}`);
  const ports = [7001, 7002, 7003, 7004, 7005, 7006];
  let runner: ComposeRunner;
  let cluster: Cluster;

  beforeAll(async () => {
    const made = await ComposeRunner.of(file, ['redis-cluster', ...nodes], ports);
    runner = made.runner;
    // The one that puts them together comes first, as in Docker, and waits for the others.
    for (const name of ['redis-cluster', ...nodes]) await runner.up(name);
    await runner.healthy('redis-cluster', limit);
    for (const name of nodes) await runner.healthy(name, limit);
    cluster = new Cluster([{ host: '127.0.0.1', port: made.portOf(7001) }], {
      redisOptions: { maxRetriesPerRequest: 0 },
    });
  }, 2 * limit);
  afterAll(async () => {
    cluster?.disconnect();
    await runner?.down();
  }, limit);

  it('has three masters, each with a replica, and serves all slots', { timeout: 2 * limit }, async () => {
    const keys = Array.from({ length: 50 }, (_, index) => `key ${index}`);
    await Promise.all(keys.map((key) => cluster.set(key, key)));
    expect(await Promise.all(keys.map((key) => cluster.get(key)))).toEqual(keys);
    const servers = async () => {
      const slots = (await cluster.cluster('SLOTS')) as [number, number, ...unknown[]][];
      return slots.map(([first, last, ...holders]) => [last - first > 5_000, holders.length]);
    };
    // A replica is named only when the others have heard from it how far it is.
    await expect.poll(servers, { timeout: limit }).toEqual(Array(3).fill([true, 2]));
  });

  it('comes back with its data when all of it was killed', { timeout: 2 * limit }, async () => {
    await cluster.set('kept', 'yes');
    for (const name of nodes) await runner.kill(name);
    for (const name of nodes) await runner.up(name);
    await runner.healthy('redis-cluster', limit);
    await expect
      .poll(() => cluster.get('kept').catch((error: Error) => error.message), { timeout: limit })
      .toBe('yes');
  });
});

describeWithServer('redis-server', 'the Sentinels of docker/compose.cluster.yaml', () => {
  const nodes = ['redis-master', 'redis-replica', 'redis-sentinel-1', 'redis-sentinel-2', 'redis-sentinel-3'];
  let runner: ComposeRunner;
  let redis: Redis;

  beforeAll(async () => {
    const ports = [6381, 6382, 26379, 26380, 26381];
    const made = await ComposeRunner.of(file, ['redis-sentinel', ...nodes], ports);
    runner = made.runner;
    for (const name of ['redis-sentinel', ...nodes]) await runner.up(name);
    await runner.healthy('redis-sentinel', limit);
    redis = new Redis({
      name: 'sessions',
      sentinels: [26379, 26380, 26381].map((port) => ({ host: '127.0.0.1', port: made.portOf(port) })),
      maxRetriesPerRequest: 0,
    });
    redis.on('error', () => {});
  }, 2 * limit);
  afterAll(async () => {
    redis?.disconnect();
    await runner?.down();
  }, limit);

  it('promote the replica when the master is killed, and take the old one back as a replica', {
    timeout: 4 * limit,
  }, async () => {
    await redis.set('kept', 'yes');
    await redis.wait(1, 10_000);
    await runner.kill('redis-master');
    const kept = () => redis.get('kept').catch((error: Error) => error.message);
    await expect.poll(kept, { timeout: limit }).toBe('yes');
    await runner.up('redis-master');
    const role = async () => ((await redis.role()) as [string, number, unknown[]]).slice(0, 1);
    expect(await role()).toEqual(['master']);
    await runner.healthy('redis-sentinel', limit);
    await expect.poll(async () => ((await redis.role()) as unknown[])[2], { timeout: limit }).toHaveLength(1);
  });
});
