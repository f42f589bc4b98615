import { type SessionBackend, SessionStore, type SessionStoreOptions } from '@session-stores/core';
import { MemoryStore, RetryingMemoryStore } from '@session-stores/memory';
import { MongoStore, RetryingMongoStore } from '@session-stores/mongo';
import { PostgresStore, RetryingPostgresStore } from '@session-stores/postgres';
import { RedisStore, RetryingRedisStore } from '@session-stores/redis';
import { RetryingSqliteStore, SqliteStore } from '@session-stores/sqlite';
import { type CheckResult, checkSessionStore, type Subject } from '@session-stores/test-harness';
import session from 'express-session';
import { Redis } from 'ioredis';
import { MongoClient } from 'mongodb';
import { Pool } from 'pg';
import { createClient } from 'redis';

/** What a user of the packages writes. It is compiled against the packed packages, outside the workspace. */
export function stores(client: Redis): session.Store[] {
  return [
    new MemoryStore({ maxEntries: 10 }),
    new RetryingMemoryStore(),
    new RedisStore({ client, prefix: 'app:', operationTimeout: 1_000 }),
    new RedisStore({ client: createClient({ url: 'redis://127.0.0.1' }) }),
    new RetryingRedisStore({ url: 'redis://127.0.0.1' }),
    new MongoStore({ client: new MongoClient('mongodb://127.0.0.1'), collection: 'logins' }),
    new MongoStore({ client: Promise.resolve(new MongoClient('mongodb://127.0.0.1')) }),
    new RetryingMongoStore({ url: 'mongodb://127.0.0.1', database: 'app', writeConcern: { journal: true } }),
    new PostgresStore({ pool: new Pool(), schema: 'app', table: 'logins', preparedStatements: false }),
    new RetryingPostgresStore({ url: 'postgres://127.0.0.1/app', createTable: false }),
    new SqliteStore({ path: 'sessions.db', table: 'logins' }),
    new RetryingSqliteStore({ path: 'sessions.db', retry: { retries: 3 } }),
  ];
}

export const middleware: ReturnType<typeof session> = session({
  secret: 'secret',
  resave: false,
  saveUninitialized: false,
  store: new RetryingRedisStore({ client: new Redis({ lazyConnect: true }) }),
});

// @ts-expect-error: an option that there is not
new MemoryStore({ maxEntrys: 10 });

export class OwnStore extends SessionStore {
  constructor(backend: SessionBackend, options?: SessionStoreOptions) {
    super(backend, options);
  }
}

export async function rename(store: MemoryStore, id: string): Promise<string | undefined> {
  const changed = await store.update(id, (data) => ({ ...data, name: 'renamed' }));
  return changed?.cookie.path;
}

export const subject: Subject = { name: 'mine', create: () => new session.MemoryStore() };

export async function failures(): Promise<CheckResult[]> {
  const failed: CheckResult[] = [];
  for await (const result of checkSessionStore(subject)) if (result.outcome === 'failed') failed.push(result);
  return failed;
}

/** Types that are missing are `any` in a declaration file, and nothing complains. */
type IsAny<T> = 0 extends 1 & T ? true : false;

export const isAny: {
  data: IsAny<Parameters<MemoryStore['set']>[1]>;
  madeByASubject: IsAny<Awaited<ReturnType<Subject['create']>>>;
  baseOfRedisStore: IsAny<ReturnType<RedisStore['createSession']>>;
  client: IsAny<ConstructorParameters<typeof RedisStore>[0]>;
  database: IsAny<ConstructorParameters<typeof SqliteStore>[0]>;
  pool: IsAny<NonNullable<ConstructorParameters<typeof PostgresStore>[0]['pool']>>;
} = {
  data: false,
  madeByASubject: false,
  baseOfRedisStore: false,
  client: false,
  database: false,
  pool: false,
};
