import { InvalidOptionError } from '@session-stores/core';
import pg from 'pg';
import { describe, expect, expectTypeOf, it } from 'vitest';
import {
  PostgresBackend,
  type PostgresPool,
  PostgresStore,
  type PostgresStoreOptions,
  RetryingPostgresStore,
} from '../src/index.js';

// A pool connects when it is first asked.
const pool = new pg.Pool();

describe('the options of PostgresStore', () => {
  const wrong: Record<string, unknown> = {
    'no options': undefined,
    'neither pool nor url': {},
    'pool and url': { pool, url: 'postgres://127.0.0.1' },
    'a client instead of a pool': { pool: new pg.Client() },
    'a connection string instead of a pool': { pool: 'postgres://127.0.0.1' },
    'a pool that is null': { pool: null },
    'a url of another kind': { url: 'mysql://127.0.0.1' },
    'a url that is no url': { url: 'postgres://user:pass#word@127.0.0.1' },
    'a table that is no string': { pool, table: /sessions/ },
    'a table without a name': { pool, table: '' },
    'a table with a zero byte': { pool, table: 'a\0b' },
    'a table with half a character': { pool, table: '\ud800' },
    'a table whose name PostgreSQL would cut off': { pool, table: 'é'.repeat(29) },
    'a schema whose name PostgreSQL would cut off': { pool, schema: 'x'.repeat(64) },
    'createTable that is no boolean': { pool, createTable: 'no' },
    'preparedStatements that is no boolean': { pool, preparedStatements: 0 },
    'an option that nobody knows': { pool, tableName: 'session' },
  };
  for (const [what, options] of Object.entries(wrong)) {
    it(`refuse ${what} in the constructor`, () => {
      expect(() => new PostgresStore(options as PostgresStoreOptions)).toThrow(InvalidOptionError);
      expect(() => new RetryingPostgresStore(options as PostgresStoreOptions)).toThrow(InvalidOptionError);
    });
  }

  it('never repeat a password from a wrong url', () => {
    expect(() => new PostgresStore({ url: 'postgres://user:sec#ret@host' })).toThrow(/^(?!.*sec)/);
  });

  it('take names of the longest length, a url to a socket, and a pool of any copy of pg', () => {
    new PostgresBackend({ pool, table: 'x'.repeat(56), schema: 'é'.repeat(31) });
    for (const url of ['postgresql://%2Fvar%2Frun%2Fpostgresql/app', 'postgres:///app?host=/var/run']) {
      new PostgresBackend({ url });
    }
    const { connect, query, on, off } = pg.Pool.prototype;
    new PostgresBackend({ pool: { connect, query, on, off } as unknown as PostgresPool });
  });

  it('are typed', () => {
    expectTypeOf(pool).toExtend<PostgresPool>();
    expectTypeOf<ConstructorParameters<typeof RetryingPostgresStore>>().toEqualTypeOf<
      [PostgresStoreOptions]
    >();
    expectTypeOf<{ pool: pg.Pool; operationTimeout: number }>().toExtend<PostgresStoreOptions>();
    expectTypeOf<{ pool: pg.Client }>().not.toExtend<PostgresStoreOptions>();
    expectTypeOf<{ pool: string }>().not.toExtend<PostgresStoreOptions>();
  });
});
