// What child processes import too: it runs as it is, so it imports packages only. The query tells the form and the server.
import { RedisStore, RetryingRedisStore } from '@session-stores/redis';
import type { Subject, Surroundings } from '@session-stores/test-harness';
import { Redis } from 'ioredis';

export function subjectOf(form: string, url: string): Subject {
  const retries = form === 'retrying';
  const Store = retries ? RetryingRedisStore : RedisStore;
  const { hostname: host, port } = new URL(url);
  const prefixOf = ({ namespace }: Surroundings): string => `${namespace}:`;
  return {
    name: Store.name,
    create(surroundings) {
      const { address } = surroundings;
      return new Store({ url: `redis://${address?.host}:${address?.port}`, prefix: prefixOf(surroundings) });
    },
    supports: {
      network: { host, port: Number(port) },
      shared: true,
      retries,
      processes: new URL(`?${new URLSearchParams({ form, url })}`, import.meta.url),
      async corrupt(id, surroundings) {
        const client = new Redis(url);
        await client.set(prefixOf(surroundings) + id, '{not json', 'KEEPTTL');
        await client.quit();
      },
    },
  };
}

const query = new URL(import.meta.url).searchParams;
export default subjectOf(query.get('form') ?? 'plain', query.get('url') ?? 'redis://127.0.0.1:6379');
