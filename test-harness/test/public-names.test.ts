import { describe, expect, it } from 'vitest';

/** Every name that a package exports at run time: one more or less is a change that its users must be told of. */
const publicNames: Record<string, readonly string[]> = {
  '@session-stores/core': [
    'BackendError',
    'InvalidOptionError',
    'RetryingStore',
    'SessionStore',
    'SessionStoreError',
    'SessionUnavailableError',
    'oneByOne',
    'recordName',
    'requireStore',
    'splitOptions',
    'withRetries',
  ],
  '@session-stores/memory': ['MemoryBackend', 'MemoryStore', 'RetryingMemoryStore'],
  '@session-stores/redis': ['RedisBackend', 'RedisFailure', 'RedisStore', 'RetryingRedisStore'],
  '@session-stores/sqlite': ['RetryingSqliteStore', 'SqliteBackend', 'SqliteStore'],
  '@session-stores/test-harness': [
    'CheckFailure',
    'NotApplicable',
    'areas',
    'checkSessionStore',
    'checks',
    'describeSessionBackend',
    'describeSessionStore',
    'startFaultProxy',
    'startPostgres',
    'startRedis',
    'startRedisCluster',
    'subjectFrom',
  ],
};

describe('the public names', () => {
  it.for(Object.entries(publicNames))('of %s are these', async ([name, expected]) => {
    expect(Object.keys(await import(name)).sort()).toEqual(expected);
  });
});
