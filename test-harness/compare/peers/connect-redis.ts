import type { Subject, Surroundings } from '@session-stores/test-harness';
import { RedisStore } from 'connect-redis';
import { createClient } from 'redis';

const url = new URL(import.meta.url).searchParams.get('url') ?? 'redis://127.0.0.1:6379';
const { hostname, port } = new URL(url);
const prefixOf = ({ namespace }: Surroundings) => `${namespace}:`;

export default {
  name: 'connect-redis',
  async create(surroundings) {
    const { address } = surroundings;
    const client = createClient({ url: `redis://${address?.host}:${address?.port}` });
    // As its README says: without a listener the first lost connection ends the process.
    client.on('error', () => {});
    await client.connect();
    return new RedisStore({ client, prefix: prefixOf(surroundings) });
  },
  close: (store) => (store as RedisStore).client.destroy(),
  supports: {
    network: { host: hostname, port: Number(port) },
    shared: true,
    processes: import.meta.url,
    async corrupt(id, surroundings) {
      const client = createClient({ url });
      await client.connect();
      await client.set(prefixOf(surroundings) + id, '{not json', { expiration: 'KEEPTTL' });
      client.destroy();
    },
  },
} satisfies Subject;
