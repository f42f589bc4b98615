import { Cluster, Redis } from 'ioredis';
import { announcing } from '../../../test-harness/src/own-tests/announcing.js';
import { ioredis6, nodeRedis6 } from './applications.js';
import { contractOn, onACluster, onOneServer } from './contract-on.js';

onOneServer((port) => {
  const admin = () => new Redis(port());
  contractOn('RedisBackend', () => ioredis6({ port: port() }).client, admin);
  contractOn('RedisBackend, announcing', () => ioredis6({ port: port() }).client, admin, announcing);
  contractOn('RedisBackend on node-redis', () => nodeRedis6({ port: port() }).client, admin);
});

onACluster((nodes) => {
  contractOn(
    'RedisBackend on a Cluster',
    () => new Cluster(nodes(), { lazyConnect: true }),
    () => new Cluster(nodes()),
  );
});
