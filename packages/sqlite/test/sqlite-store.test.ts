import { statSync } from 'node:fs';
import { SessionStore } from '@session-stores/core';
import {
  RetryingSqliteStore,
  type SqliteDatabase,
  SqliteStore,
  type SqliteStoreOptions,
} from '@session-stores/sqlite';
import Database from 'better-sqlite3';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { context, insert, newPath, openBackend, openDatabase } from './setup.js';

const closed = new Database(':memory:').close();

describe.each([SqliteStore, RetryingSqliteStore])('%o', (Store) => {
  it('works on a path and on a database', async () => {
    for (const options of [{ path: newPath() }, { database: openDatabase(newPath()), table: 'logins' }]) {
      const store = new Store(options);
      expect(store).toBeInstanceOf(SessionStore);
      // A plain object instead of the request's session is allowed by express-session's interface.
      await store.set('some-id', { cookie: { originalMaxAge: 5_000 }, user: 'ada' } as never);
      expect(await store.get('some-id')).toMatchObject({ user: 'ada' });
      await store.close();
    }
  });

  it.each<[unknown, RegExp]>([
    [undefined, /pass either .*path.* or .*database/],
    [null, /pass an object/],
    [{}, /pass either/],
    ['./sessions.db', /./],
    [{ path: 'a.db', database: closed }, /pass either/],
    [{ path: '' }, /'path'/],
    [{ path: ' ' }, /'path'/],
    [{ path: 5 }, /'path'/],
    [{ path: 'a\0b' }, /'path'/],
    [{ database: './sessions.db' }, /'database' must be a database of better-sqlite3.*'path'/],
    [{ database: {} }, /'database'/],
    [{ database: null }, /'database'/],
    [{ database: closed }, /is closed/],
    [{ path: ':memory:', table: '' }, /'table'/],
    [{ path: ':memory:', table: 7 }, /'table'/],
    [{ path: ':memory:', table: 'sqlite_x' }, /'table'/],
    [{ path: ':memory:', table: 'a\0b' }, /'table'/],
    [{ path: ':memory:', table: 'x'.repeat(129) }, /'table'/],
    [{ path: ':memory:', tabel: 'x' }, /'tabel'/],
  ])('refuses %o', (options, message) => {
    expect(() => new Store(options as SqliteStoreOptions)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringMatching(message) }),
    );
  });
});

it('puts what is in the WAL into the file before that takes long', async () => {
  const path = newPath();
  const backend = await openBackend({ path });
  const data = 'x'.repeat(20_000);
  for (let count = 0; count < 400; count++)
    await backend.write([insert(`session-${count}`, { data })], context);
  // 250 pages and what one batch has more, and not the 1,000 pages that SQLite lets it grow to.
  expect(statSync(`${path}-wal`).size).toBeLessThan(1_500_000);
});

it('takes a database of better-sqlite3 without a cast', () => {
  expectTypeOf<Database.Database>().toExtend<SqliteDatabase>();
  expectTypeOf<{ database: Database.Database }>().toExtend<SqliteStoreOptions>();
});
