import { type RedisNode, startRedisCluster, startRedisSentinel } from '@session-stores/test-harness';
import { Cluster, Redis } from 'ioredis';
import { until } from '../../../test-harness/src/servers/until.js';

/** Servers of which one takes over when another fails, and how to reach them. */
export interface Topology {
  /** A new client, not connected. */
  client(): Redis | Cluster;
  /** The master that has this key now. */
  masterOf(key: string): Promise<RedisNode>;
  replicaOf(key: string): Promise<RedisNode>;
  /** Starts a former master again, as a replica. */
  takeBack(node: RedisNode, key: string): Promise<void>;
  settled(): Promise<void>;
  /** From now on a node is held for down after `ms` without an answer. */
  setDownAfter(ms: number): Promise<void>;
  stop(): Promise<void>;
}

const aof = ['--appendonly', 'yes'];

/** Starts one, in which a node is held for down after so many ms without an answer: 1,000 unless told. */
type Start = (downAfter?: number) => Promise<Topology>;

export const topologies: Readonly<Record<string, Start>> = {
  'a Cluster': async (downAfter = 1_000) => {
    const args = [...aof, '--cluster-node-timeout', `${downAfter}`];
    const cluster = await startRedisCluster({ masters: 3, replicas: 1, args });
    return {
      client: () => new Cluster([...cluster.nodes], { lazyConnect: true }),
      masterOf: (key) => cluster.masterOf(key),
      replicaOf: async (key) => (await cluster.replicasOf(key))[0] as RedisNode,
      takeBack: (node) => node.restart(),
      settled: () => cluster.settled(),
      setDownAfter: (ms) => cluster.setNodeTimeout(ms),
      stop: () => cluster.stop(),
    };
  },
  Sentinel: async (downAfter = 1_000) => {
    const sentinel = await startRedisSentinel({ replicas: 1, args: aof, downAfter });
    return {
      client: () => new Redis({ sentinels: [...sentinel.sentinels], name: sentinel.name, lazyConnect: true }),
      masterOf: () => sentinel.master(),
      replicaOf: async () => (await sentinel.replicas())[0] as RedisNode,
      takeBack: async (node) => {
        const { port } = await sentinel.master();
        await node.restart([...aof, '--replicaof', `127.0.0.1 ${port}`]);
      },
      settled: () => sentinel.settled(),
      setDownAfter: (ms) => sentinel.setDownAfter(ms),
      stop: () => sentinel.stop(),
    };
  },
};

/**
 * Resolves when the replicas of this node have all that the node has acknowledged to anybody by now, and would have it after a
 * crash too: a replica that was sent everything anew goes on with its old file until the new one is whole.
 */
export async function replicated(node: RedisNode, key: string): Promise<void> {
  const admin = new Redis(node.port);
  // From Redis 7.2 on, WAIT waits for nothing but the writes of its own connection.
  await admin.set(key, 'replicated');
  const count = await admin.wait(1, 10_000);
  const replication = await admin.info('replication');
  admin.disconnect();
  if (count < 1) throw new Error(`port ${node.port} has no replica in touch`);
  for (const [, port] of replication.matchAll(/^slave\d+:.*port=(\d+)/gm)) await rewritten(Number(port));
}

async function rewritten(port: number): Promise<void> {
  const replica = new Redis(port);
  await until(async () => {
    const persistence = await replica.info('persistence');
    return /^aof_rewrite_(?:in_progress|scheduled):1/m.exec(persistence)?.[0];
  }, 10_000).finally(() => replica.disconnect());
}
