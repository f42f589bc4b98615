import { startRedis, startRedisCluster } from '@session-stores/test-harness';
import { Cluster, Redis } from 'ioredis-5';
import { afterAll, beforeAll } from 'vitest';
import { describeWithServer } from '../../../test-harness/src/servers/needs.js';
import { contractOn } from './contract-on.js';

describeWithServer('redis-server', 'on one server', () => {
  let port = 0;
  let stop: (() => Promise<void>) | undefined;
  beforeAll(async () => {
    const server = await startRedis();
    port = server.port;
    stop = () => server.stop();
  });
  afterAll(() => stop?.());
  contractOn('RedisBackend on ioredis 5', () => new Redis(port));
});

describeWithServer('redis-server', 'on a Cluster of three', () => {
  let nodes: { host: string; port: number }[] = [];
  let stop: (() => Promise<void>) | undefined;
  beforeAll(async () => {
    const cluster = await startRedisCluster({ masters: 3 });
    nodes = cluster.nodes.map(({ host, port }) => ({ host, port }));
    stop = () => cluster.stop();
  }, 30_000);
  afterAll(() => stop?.());
  contractOn('RedisBackend on a Cluster of ioredis 5', () => new Cluster(nodes));
});
