import { describe, expect, it } from 'vitest';

/** Every name that a package exports at run time: one more or less is a change that its users must be told of. */
const publicNames: Record<string, readonly string[]> = {
  '@session-stores/core': [
    'BackendError',
    'InvalidOptionError',
    'JournalError',
    'RetryingStore',
    'ServerClock',
    'SessionStore',
    'SessionStoreError',
    'SessionUnavailableError',
    'announcement',
    'atOnce',
    'decodeRecord',
    'encodeRecord',
    'graveText',
    'isGrave',
    'oneByOne',
    'recordName',
    'recordStarts',
    'requireStore',
    'splitOptions',
    'untilAborted',
    'watchChannel',
    'withRetries',
  ],
  '@session-stores/memory': ['MemoryBackend', 'MemoryStore', 'RetryingMemoryStore'],
  '@session-stores/mongo': ['MongoBackend', 'MongoFailure', 'MongoStore', 'RetryingMongoStore'],
  '@session-stores/postgres': [
    'PostgresBackend',
    'PostgresFailure',
    'PostgresStore',
    'RetryingPostgresStore',
  ],
  '@session-stores/redis': ['RedisBackend', 'RedisFailure', 'RedisStore', 'RetryingRedisStore'],
  '@session-stores/sqlite': ['RetryingSqliteStore', 'SqliteBackend', 'SqliteStore'],
  '@session-stores/test-harness': [
    'CheckFailure',
    'NotApplicable',
    'areas',
    'benchmarkMarkdown',
    'benchmarkPlot',
    'checkSessionStore',
    'checks',
    'describeSessionBackend',
    'describeSessionStore',
    'runBenchmark',
    'soakReportText',
    'soakSessionStore',
    'startFaultProxy',
    'startFerret',
    'startMongo',
    'startMongoReplicaSet',
    'startMongoShardedCluster',
    'startPgBouncer',
    'startPostgres',
    'startPostgresStandby',
    'startRedis',
    'startRedisCluster',
    'startRedisSentinel',
    'subjectFrom',
  ],
};

describe('the public names', () => {
  it.for(Object.entries(publicNames))('of %s are these', async ([name, expected]) => {
    expect(Object.keys(await import(name)).sort()).toEqual(expected);
  });
});
