import { InvalidOptionError } from '@session-stores/core';
import { Cluster, Redis } from 'ioredis';
import { Redis as Redis5 } from 'ioredis-5';
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
    'a client of node-redis': { client: { duplicate: () => {}, sendCommand: () => {}, options: {} } },
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

  it('are typed', () => {
    expectTypeOf<ConstructorParameters<typeof RetryingRedisStore>>().toEqualTypeOf<[RedisStoreOptions]>();
    expectTypeOf<{ client: Redis; prefix: string; operationTimeout: number }>().toExtend<RedisStoreOptions>();
    expectTypeOf<{ client: Redis5 }>().toExtend<RedisStoreOptions>();
    expectTypeOf<{ client: Cluster }>().toExtend<RedisStoreOptions>();
    expectTypeOf<{ client: string }>().not.toExtend<RedisStoreOptions>();
  });
});
