import { InvalidOptionError } from '@session-stores/core';
import { Cluster, Redis } from 'ioredis';
import { Redis as Redis5 } from 'ioredis-5';
import { createClient, createClientPool, createCluster, createSentinel } from 'redis';
import { createClient as createClient5 } from 'redis-5';
import { describe, expect, expectTypeOf, it } from 'vitest';
import {
  RedisBackend,
  type RedisClient,
  RedisStore,
  type RedisStoreOptions,
  RetryingRedisStore,
} from '../src/index.js';

const lazy = { lazyConnect: true };

describe('the options of RedisStore', () => {
  const wrong: Record<string, unknown> = {
    'no options': undefined,
    'neither client nor url': {},
    'client and url': { client: new Redis(lazy), url: 'redis://127.0.0.1' },
    'a client of node-redis 4': { client: { duplicate: () => {}, sendCommand: () => {}, options: {} } },
    'a client of node-redis in legacy mode': { client: createClient().legacy() },
    'a client that is null': { client: null },
    'a url of another kind': { url: 'http://127.0.0.1' },
    'a url that is no url': { url: 'redis://127.0.0.1:notaport' },
    'a prefix that is no string': { client: new Redis(lazy), prefix: /sess/ },
    'a prefix with half a character': { client: new Redis(lazy), prefix: '\ud800' },
    'an option that nobody knows': { client: new Redis(lazy), ttl: 60 },
  };
  for (const [what, options] of Object.entries(wrong)) {
    it(`refuse ${what} in the constructor`, () => {
      expect(() => new RedisStore(options as RedisStoreOptions)).toThrow(InvalidOptionError);
      expect(() => new RetryingRedisStore(options as RedisStoreOptions)).toThrow(InvalidOptionError);
    });
  }

  const unusable: Record<string, readonly [client: unknown, instead: RegExp]> = {
    cluster: [createCluster({ rootNodes: [{ url: 'redis://127.0.0.1:1' }] }), /new Cluster\(.*ioredis/],
    sentinel: [
      createSentinel({ name: 'mymaster', sentinelRootNodes: [{ host: '127.0.0.1', port: 1 }] }),
      /new Redis\(\{ sentinels, name \}\) of ioredis/,
    ],
    pool: [createClientPool(), /createClient\(/],
  };
  for (const [what, [client, instead]] of Object.entries(unusable)) {
    it(`refuse a ${what} of node-redis, and say what to pass instead`, () => {
      const open = () => new RedisStore({ client } as RedisStoreOptions);
      expect(open).toThrow(InvalidOptionError);
      expect(open).toThrow(new RegExp(`${what} of node-redis.*${instead.source}`));
    });
  }

  it('never repeat a password from a wrong url', () => {
    expect(() => new RedisStore({ url: 'http://:secret@host' })).toThrow(/^(?!.*secret)/);
  });

  it('take a Redis and a Cluster of either ioredis, and connect none of them', () => {
    const clients = [new Redis(lazy), new Redis5(lazy), new Cluster([{ port: 1 }], lazy)];
    for (const client of clients) {
      expectTypeOf(client).toExtend<RedisClient>();
      new RedisBackend({ client });
      expect(client.status).toBe('wait');
    }
  });

  it('take a client of either node-redis, and connect none of them', () => {
    for (const client of [createClient(), createClient5()]) {
      expectTypeOf(client).toExtend<RedisClient>();
      new RedisBackend({ client });
      expect(client.isOpen).toBe(false);
    }
  });

  it('are typed', () => {
    expectTypeOf<ConstructorParameters<typeof RetryingRedisStore>>().toEqualTypeOf<[RedisStoreOptions]>();
    expectTypeOf<{ client: Redis; prefix: string; operationTimeout: number }>().toExtend<RedisStoreOptions>();
    expectTypeOf<{ client: Redis5 }>().toExtend<RedisStoreOptions>();
    expectTypeOf<{ client: Cluster }>().toExtend<RedisStoreOptions>();
    expectTypeOf<{ client: ReturnType<typeof createClient> }>().toExtend<RedisStoreOptions>();
    expectTypeOf<{ client: ReturnType<typeof createClient5> }>().toExtend<RedisStoreOptions>();
    expectTypeOf<{ client: ReturnType<typeof createCluster> }>().not.toExtend<RedisStoreOptions>();
    expectTypeOf<{ client: ReturnType<typeof createSentinel> }>().not.toExtend<RedisStoreOptions>();
    expectTypeOf<{ client: ReturnType<typeof createClientPool> }>().not.toExtend<RedisStoreOptions>();
    expectTypeOf<{ client: string }>().not.toExtend<RedisStoreOptions>();
  });
});
