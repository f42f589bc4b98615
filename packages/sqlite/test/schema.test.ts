import { SqliteBackend } from '@session-stores/sqlite';
import type Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { messageOf, spawnProgram } from './other-process.js';
import { context, insert, newPath, openBackend, openDatabase } from './setup.js';

function tablesOf(database: Database.Database): unknown[] {
  const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name");
  return tables.pluck().all();
}

describe('the schema', () => {
  it('is made once, and found by the next store', async () => {
    const path = newPath();
    const first = await openBackend({ path });
    await first.write([insert('a')], context);
    await first.close();
    const second = await openBackend({ path });
    expect(await second.read(['a'], context)).toMatchObject([{ id: 'a' }]);
    const database = openDatabase(path, { readonly: true });
    expect(tablesOf(database)).toEqual(['sessions', 'sessions_graves', 'sessions_schema']);
    expect(database.prepare('SELECT version FROM sessions_schema').all()).toEqual([{ version: 1 }]);
  });

  it('is made by many stores and processes at once', async () => {
    const path = newPath();
    const program = `
      import { SqliteBackend } from '@session-stores/sqlite';
      const context = { signal: AbortSignal.timeout(20_000), onEvicted() {}, onError() {} };
      process.send('ready');
      process.once('message', async () => {
        await Promise.all(Array.from({ length: 5 }, async () => {
          const backend = new SqliteBackend({ path: process.argv[1] });
          await backend.open(context);
          await backend.close();
        }));
        process.send('opened');
        process.disconnect();
      });
    `;
    const processes = [1, 2].map(() => spawnProgram(program, [path]));
    await Promise.all(processes.map(messageOf));
    const opened = processes.map(messageOf);
    for (const child of processes) child.send('go');
    const mine = await Promise.all([1, 2, 3].map(() => openBackend({ path })));
    expect(await Promise.all(opened)).toEqual(['opened', 'opened']);
    for (const [index, backend] of mine.entries()) {
      expect(await backend.write([insert(`${index}`)], context)).toEqual([{ status: 'written' }]);
    }
  });

  it('whose creation failed is made by the next call', async () => {
    const path = newPath();
    const database = openDatabase(path);
    database.exec('CREATE VIEW sessions AS SELECT 1 AS one');
    const backend = new SqliteBackend({ path });
    await expect(backend.open(context)).rejects.toMatchObject({ code: 'BACKEND_FAILED' });
    database.exec('DROP VIEW sessions');
    await backend.open(context);
    expect(await backend.write([insert('a')], context)).toEqual([{ status: 'written' }]);
    await backend.close();
  });

  it('of a newer version is left alone, with an error that says what to do', async () => {
    const path = newPath();
    await openBackend({ path });
    const database = openDatabase(path);
    database.exec('UPDATE sessions_schema SET version = 7');
    await expect(openBackend({ path })).rejects.toMatchObject({
      code: 'BACKEND_FAILED',
      message: expect.stringMatching(/version 7.*update the package/),
    });
    expect(database.prepare('SELECT version FROM sessions_schema').all()).toEqual([{ version: 7 }]);
  });

  it.each([
    'CREATE TABLE sessions (sid TEXT PRIMARY KEY, sess TEXT, expire INTEGER)',
    'CREATE TABLE sessions_graves (whose TEXT)',
    'CREATE TABLE sessions_schema (a, b)',
    'CREATE TABLE sessions (id, data, birth, revision, expires_at)',
  ])('leaves a table of somebody else as it is: %s', async (statement) => {
    const path = newPath();
    const database = openDatabase(path);
    database.exec(statement);
    const before = database.prepare('SELECT name, sql FROM sqlite_schema ORDER BY name').all();
    await expect(openBackend({ path })).rejects.toMatchObject({
      code: 'BACKEND_FAILED',
      message: expect.stringMatching(/another name in option 'table'/),
    });
    expect(database.prepare('SELECT name, sql FROM sqlite_schema ORDER BY name').all()).toEqual(before);
  });

  it('may have its columns in another order, as the first version made them', async () => {
    const path = newPath();
    await (await openBackend({ path })).write([insert('a')], context);
    openDatabase(path).exec(`
      CREATE TABLE moved (id TEXT PRIMARY KEY NOT NULL, data TEXT NOT NULL, birth TEXT NOT NULL,
        revision TEXT NOT NULL, expires_at REAL NOT NULL) STRICT;
      INSERT INTO moved SELECT id, data, birth, revision, expires_at FROM sessions;
      DROP TABLE sessions;
      ALTER TABLE moved RENAME TO sessions;
    `);
    const backend = await openBackend({ path });
    expect(await backend.write([insert('b', { data: '{"b":1}' })], context)).toEqual([{ status: 'written' }]);
    expect(await backend.read(['a', 'b'], context)).toMatchObject([
      { id: 'a' },
      { id: 'b', data: '{"b":1}' },
    ]);
  });

  it('tells names apart that SQLite does not: an error instead of two stores in one table', async () => {
    const path = newPath();
    await openBackend({ path, table: 'sessions' });
    await expect(openBackend({ path, table: 'Sessions' })).rejects.toMatchObject({
      message: expect.stringContaining("write option 'table' as the table is called"),
    });
  });

  it('is made again where somebody dropped the table of sessions', async () => {
    const path = newPath();
    await openBackend({ path });
    openDatabase(path).exec('DROP TABLE sessions');
    const backend = await openBackend({ path });
    expect(await backend.write([insert('a')], context)).toEqual([{ status: 'written' }]);
  });

  it('finds expired records and pages by an index', async () => {
    const path = newPath();
    await openBackend({ path });
    const plan = (query: string) =>
      (openDatabase(path).prepare(`EXPLAIN QUERY PLAN ${query}`).all() as { detail: string }[])
        .map(({ detail }) => detail)
        .join('; ');
    expect(plan('SELECT rowid FROM sessions WHERE expires_at <= 5 LIMIT 9')).toMatch(/sessions_by_expiry/);
    expect(plan("SELECT * FROM sessions WHERE id > 'a' AND expires_at > 5 ORDER BY id LIMIT 9")).not.toMatch(
      /SCAN|TEMP B-TREE/,
    );
  });
});

describe('graves', () => {
  it('do not grow without end: new ones take the ended with them, and prune the rest', async () => {
    const path = newPath();
    const backend = await openBackend({ path });
    const graves = () => openDatabase(path).prepare('SELECT count(*) FROM sessions_graves').pluck().get();
    const remove = (id: string, grace: number) => backend.remove([{ id, birth: 'birth', grace }], context);
    for (let index = 0; index < 50; index++) await remove(`a${index}`, 1e-9); // Ends in the ms in which it is dug.
    expect(graves()).toBe(1);
    await backend.remove(
      Array.from({ length: 50 }, (_, index) => ({ id: `b${index}`, birth: 'birth', grace: 60_000 })),
      context,
    );
    expect(graves()).toBe(50);
    openDatabase(path).exec('UPDATE sessions_graves SET ends_at = 1');
    expect(await backend.prune(30, context)).toBe(30);
    expect(await backend.prune(30, context)).toBe(20);
    expect(graves()).toBe(0);
  });
});
