import { SessionStore, type SessionStoreOptions, withRetries } from '@session-stores/core';
import { MemoryBackend } from '@session-stores/memory';
import { RedisBackend } from '@session-stores/redis';
import type { Subject, Surroundings } from '@session-stores/test-harness';
import { Redis } from 'ioredis';
import { type Breakage, breakBackend, breakStore, type Mutant } from './mutant.js';

/** Our store in memory. Stores of one namespace share their records. */
export function memory(breakage: Breakage): Mutant {
  const { how, says } = breakage;
  const { settings = {} } = breakage;
  return { how, says, broken: () => memorySubject(breakage), good: () => memorySubject({ settings }) };
}

/** Our store in a real Redis, behind the suite's proxy. */
export function redis(breakage: Breakage): Mutant {
  const { how, says, settings = {} } = breakage;
  return {
    how,
    says,
    server: 'redis',
    broken: (url) => redisSubject(url, breakage),
    good: (url) => redisSubject(url, { settings }),
  };
}

/** The same, for checks that wait until a store gives up: after 4 s and not after 15. */
export function impatientRedis(breakage: Breakage): Mutant {
  return redis({ ...breakage, settings: { operationTimeout: 4_000 } });
}

type Broken = Partial<Breakage>;

const optionsOf = ({ settings, options }: Broken): SessionStoreOptions =>
  withRetries({ ...settings, ...options });

function memorySubject(breakage: Broken = {}): Subject {
  const backends = new Map<string, MemoryBackend>();
  const backendOf = (surroundings: Surroundings): MemoryBackend => {
    const name = breakage.namespace?.(surroundings) ?? surroundings.namespace;
    const backend = backends.get(name) ?? new MemoryBackend();
    backends.set(name, backend);
    return backend;
  };
  return {
    name: 'memory',
    create(surroundings) {
      const backend = breakBackend(backendOf(surroundings), breakage.backend);
      return breakStore(new SessionStore(backend, optionsOf(breakage)), breakage);
    },
    supports: {
      shared: true,
      retries: true,
      corrupt: (id, surroundings) => corruptRecord(backendOf(surroundings), id),
      ...breakage.supports,
    },
  };
}

async function corruptRecord(backend: MemoryBackend, id: string): Promise<void> {
  const context = { signal: new AbortController().signal };
  const [found] = await backend.read([id], context);
  if (found === undefined || 'status' in found) throw new Error('there is nothing to corrupt');
  const { birth = '', revision } = found;
  const expiry = { in: 60_000, exact: true };
  await backend.write([{ id, birth, revision, expiry, data: '{"user":', expect: { revision } }], context);
}

function redisSubject(url: string, breakage: Broken = {}): Subject {
  const { hostname, port } = new URL(url);
  const prefixOf = (surroundings: Surroundings) =>
    `${breakage.namespace?.(surroundings) ?? surroundings.namespace}:`;
  return {
    name: 'redis',
    create(surroundings) {
      const { host, port } = surroundings.address ?? {};
      const good = new RedisBackend({ url: `redis://${host}:${port}`, prefix: prefixOf(surroundings) });
      const backend = breakBackend(good, breakage.backend);
      return breakStore(new SessionStore(backend, optionsOf(breakage)), breakage);
    },
    supports: {
      network: { host: hostname, port: Number(port) },
      shared: true,
      retries: true,
      processes: new URL(`./processes/redis-subject.ts?${breakage.inChildren ?? ''}`, import.meta.url),
      async corrupt(id, surroundings) {
        const client = new Redis(url);
        await client.set(prefixOf(surroundings) + id, '{"user":', 'KEEPTTL');
        client.disconnect();
      },
      ...breakage.supports,
    },
  };
}
