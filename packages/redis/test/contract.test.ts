import { describeSessionBackend, startRedis, startRedisCluster } from '@session-stores/test-harness';
import { Cluster, Redis } from 'ioredis';
import { Cluster as Cluster5, Redis as Redis5 } from 'ioredis-5';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { announcing } from '../../../test-harness/src/own-tests/announcing.js';
import { describeWithServer } from '../../../test-harness/src/servers/needs.js';
import { RedisBackend } from '../src/index.js';

const primitives = ['read', 'write', 'touch', 'remove'] as const;

interface Client {
  readonly status: string;
  readonly isCluster: boolean;
  duplicate(...args: never[]): unknown;
  del(key: string): Promise<unknown>;
  hset(key: string, field: string, value: string): Promise<unknown>;
  disconnect(): void;
}

/** Holds the backend on one kind of client against the contract. */
function contractOn(name: string, open: () => Client, called = (backend: RedisBackend) => backend) {
  let client: Client | undefined;
  const connected = () => {
    client ??= open();
    return client;
  };
  afterAll(() => client?.disconnect());
  describeSessionBackend(
    {
      name,
      shared: true,
      watches: true,
      without: ['prune'],
      create: ({ namespace }) => called(new RedisBackend({ client: connected(), prefix: `${namespace}:` })),
      spoiled: {
        primitives,
        apply: async (id, { namespace }) => {
          await connected().del(`${namespace}:${id}`);
          await connected().hset(`${namespace}:${id}`, 'field', 'value');
        },
      },
    },
    { describe, it },
  );
}

describeWithServer('redis-server', 'on one server', () => {
  let port = 0;
  let stop: (() => Promise<void>) | undefined;
  beforeAll(async () => {
    const server = await startRedis();
    port = server.port;
    stop = () => server.stop();
  });
  afterAll(() => stop?.());
  contractOn('RedisBackend', () => new Redis(port));
  contractOn('RedisBackend on ioredis 5', () => new Redis5(port));
  contractOn('RedisBackend, announcing', () => new Redis(port), announcing);
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
  contractOn('RedisBackend on a Cluster', () => new Cluster(nodes));
  contractOn('RedisBackend on a Cluster of ioredis 5', () => new Cluster5(nodes));
});
