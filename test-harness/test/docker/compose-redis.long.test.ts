import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithServer } from '../../src/servers/needs.js';
import { readCompose } from './compose-file.js';
import { ComposeRunner } from './compose-runner.js';

const limit = 60_000;
const file = readCompose('compose.cluster.yaml');

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
