import { findMongod } from '../servers/find-mongo.js';
import type { ServerName } from '../servers/known-servers.js';
import { startMongoReplicaSet } from '../servers/mongo-replica-set.js';
import { findRedisServer } from '../servers/redis.js';
import { startRedisCluster } from '../servers/redis-cluster.js';
import { startRedisSentinel } from '../servers/redis-sentinel.js';
import type { Address } from '../suite/subject.js';
import type { Service } from './services.js';

/** Servers that make one whole; what each takes, and how it is started. */
export const topologies: readonly {
  readonly title: string;
  readonly needs: ServerName;
  isPossible(): Promise<boolean>;
  start(): Promise<Service>;
}[] = [
  {
    title: 'Redis Cluster',
    needs: 'redis-server',
    isPossible: hasRedisServer,
    start: async () => {
      const cluster = await startRedisCluster({ masters: 3, replicas: 1 });
      return { variables: { REDIS_CLUSTER_NODES: listed(cluster.nodes) }, stop: () => cluster.stop() };
    },
  },
  {
    title: 'Redis behind Sentinel',
    needs: 'redis-server',
    isPossible: hasRedisServer,
    start: async () => {
      const sentinel = await startRedisSentinel();
      return {
        variables: { REDIS_SENTINELS: listed(sentinel.sentinels), REDIS_SENTINEL_NAME: sentinel.name },
        stop: () => sentinel.stop(),
      };
    },
  },
  {
    title: 'MongoDB replica set',
    needs: 'mongod-binary',
    isPossible: async () => (await findMongod()) !== undefined,
    start: async () => {
      const set = await startMongoReplicaSet();
      return { variables: { MONGO_REPLICA_SET_URL: set.url }, stop: () => set.stop() };
    },
  },
];

async function hasRedisServer(): Promise<boolean> {
  return findRedisServer() !== undefined;
}

function listed(addresses: readonly Address[]): string {
  return addresses.map(({ host, port }) => `${host}:${port}`).join();
}
