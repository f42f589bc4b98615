import { describeSessionBackend } from '@session-stores/test-harness';
import { afterAll, describe, it } from 'vitest';
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
export function contractOn(name: string, open: () => Client, called = (backend: RedisBackend) => backend) {
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
    { describe, it, itAtOnce: it.concurrent },
  );
}
