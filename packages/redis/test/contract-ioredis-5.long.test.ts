import { Cluster, Redis } from 'ioredis-5';
import { ioredis5 } from './applications.js';
import { contractOn, onACluster, onOneServer } from './contract-on.js';

onOneServer((port) =>
  contractOn(
    'RedisBackend on ioredis 5',
    () => ioredis5({ port: port() }).client,
    () => new Redis(port()),
  ),
);

onACluster((nodes) =>
  contractOn(
    'RedisBackend on a Cluster of ioredis 5',
    () => new Cluster(nodes(), { lazyConnect: true }),
    () => new Cluster(nodes()),
  ),
);
