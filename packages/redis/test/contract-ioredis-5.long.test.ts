import { Cluster, Redis } from 'ioredis-5';
import { contractOn, onACluster, onOneServer } from './contract-on.js';

onOneServer((port) => contractOn('RedisBackend on ioredis 5', () => new Redis(port())));

onACluster((nodes) => contractOn('RedisBackend on a Cluster of ioredis 5', () => new Cluster(nodes())));
