import { Cluster, Redis } from 'ioredis';
import { announcing } from '../../../test-harness/src/own-tests/announcing.js';
import { contractOn, onACluster, onOneServer } from './contract-on.js';

onOneServer((port) => {
  contractOn('RedisBackend', () => new Redis(port()));
  contractOn('RedisBackend, announcing', () => new Redis(port()), announcing);
});

onACluster((nodes) => contractOn('RedisBackend on a Cluster', () => new Cluster(nodes())));
