import { describeSessionBackend, startRedis, startRedisCluster } from '@session-stores/test-harness';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { describeWithServer } from '../../../test-harness/src/servers/needs.js';
import { RedisBackend, type RedisClient } from '../src/index.js';

const primitives = ['read', 'write', 'touch', 'remove'] as const;

/** Spoils records. Connected by ioredis, whatever the backend has. */
interface Admin {
  del(key: string): Promise<unknown>;
  hset(key: string, field: string, value: string): Promise<unknown>;
  disconnect(): void;
}

/** Holds the backend on one kind of client, which `open` makes, against the contract. */
export function contractOn(
  name: string,
  open: () => RedisClient,
  admin: () => Admin,
  called = (backend: RedisBackend) => backend,
) {
  let client: RedisClient | undefined;
  let connected: Admin | undefined;
  afterAll(() => connected?.disconnect());
  describeSessionBackend(
    {
      name,
      shared: true,
      watches: true,
      without: ['prune'],
      create: ({ namespace }) => {
        client ??= open();
        return called(new RedisBackend({ client, prefix: `${namespace}:` }));
      },
      spoiled: {
        primitives,
        apply: async (id, { namespace }) => {
          connected ??= admin();
          await connected.del(`${namespace}:${id}`);
          await connected.hset(`${namespace}:${id}`, 'field', 'value');
        },
      },
    },
    { describe, it, itAtOnce: it.concurrent },
  );
}

/** With a server of its own, whose port is known once the tests run. */
export function onOneServer(register: (port: () => number) => void): void {
  describeWithServer('redis-server', 'on one server', () => {
    let server: Awaited<ReturnType<typeof startRedis>> | undefined;
    beforeAll(async () => {
      server = await startRedis();
    });
    afterAll(() => server?.stop());
    register(() => server?.port ?? 0);
  });
}

/** The same with a Cluster. */
export function onACluster(register: (nodes: () => { host: string; port: number }[]) => void): void {
  describeWithServer('redis-server', 'on a Cluster of three', () => {
    let cluster: Awaited<ReturnType<typeof startRedisCluster>> | undefined;
    beforeAll(async () => {
      cluster = await startRedisCluster({ masters: 3 });
    }, 30_000);
    afterAll(() => cluster?.stop());
    register(() => (cluster?.nodes ?? []).map(({ host, port }) => ({ host, port })));
  });
}
