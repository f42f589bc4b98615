// What child processes import too: it runs as it is, so it imports packages only. The query tells the form, the server, options and the driver.
import type { SessionStoreOptions } from '@session-stores/core';
import { RedisStore, RetryingRedisStore } from '@session-stores/redis';
import type { Subject, Surroundings } from '@session-stores/test-harness';
import { Redis } from 'ioredis';
import { createClient } from 'redis';

/** @param driver `node-redis`: on a client of it, which is never connected. Otherwise by url. */
export function subjectOf(
  form: string,
  url: string,
  options: SessionStoreOptions = {},
  driver = 'ioredis',
): Subject {
  const retries = form === 'retrying';
  const Store = retries ? RetryingRedisStore : RedisStore;
  const { hostname: host, port } = new URL(url);
  const prefixOf = ({ namespace }: Surroundings): string => `${namespace}:`;
  let storedId = (id: string): string => id;
  return {
    name: driver === 'ioredis' ? Store.name : `${Store.name} on ${driver}`,
    create(surroundings) {
      const { address } = surroundings;
      const server = `redis://${address?.host}:${address?.port}`;
      const where = driver === 'node-redis' ? { client: createClient({ url: server }) } : { url: server };
      const store = new Store({ ...where, prefix: prefixOf(surroundings), ...options });
      storedId = (id) => store.storedId(id);
      return store;
    },
    supports: {
      network: { host, port: Number(port) },
      shared: true,
      retries,
      processes: new URL(
        `?${new URLSearchParams({ form, url, options: JSON.stringify(options), driver })}`,
        import.meta.url,
      ),
      storedId: (id) => storedId(id),
      async corrupt(id, surroundings) {
        const client = new Redis(url);
        await client.set(prefixOf(surroundings) + storedId(id), '{not json', 'KEEPTTL');
        await client.quit();
      },
    },
  };
}

const query = new URL(import.meta.url).searchParams;
export default subjectOf(
  query.get('form') ?? 'plain',
  query.get('url') ?? 'redis://127.0.0.1:6379',
  JSON.parse(query.get('options') ?? '{}'),
  query.get('driver') ?? 'ioredis',
);
