import { chmodSync, openSync, readFileSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { SqliteBackend } from '@session-stores/sqlite';
import { describe, expect, it } from 'vitest';
import { messageOf, spawnProgram } from './other-process.js';
import { context, insert, newFolder, newPath, openBackend, openDatabase } from './setup.js';

/** What a call rejected with. */
async function failureOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    (value) => expect.unreachable(`resolved to ${JSON.stringify(value)}`),
    (error: unknown) => error,
  );
}

async function expectFailure(
  backend: SqliteBackend,
  call: Promise<unknown>,
  message: RegExp,
  cause: unknown,
): Promise<void> {
  const error = await failureOf(call);
  expect(error).toMatchObject({ code: 'BACKEND_FAILED', message: expect.stringMatching(message), cause });
  expect(backend.isTransient(error)).toBe(false);
}

/**
 * What a first write is answered by a backend of a process to which permissions apply: root reads and writes everything, and
 * only a process as a whole can be somebody else.
 */
async function failureWithoutPrivileges(path: string): Promise<unknown> {
  const program = `
    import { SqliteBackend } from '@session-stores/sqlite';
    if (process.geteuid?.() === 0) process.seteuid(65_534);
    const backend = new SqliteBackend({ path: process.argv[1] });
    const context = { signal: new AbortController().signal, onEvicted() {}, onError() {} };
    const write = { id: 'a', data: '{}', birth: 'b', revision: 'r', expiry: { in: 60_000, exact: true }, expect: 'absent' };
    const error = await backend.open(context).then(() => backend.write([write], context)).then(() => ({}), (error) => error);
    await backend.close();
    process.send({ code: error.code, message: error.message, causeCode: error.cause?.code }, () => process.disconnect());
  `;
  return messageOf(spawnProgram(program, [path]));
}

describe('a file that does not work: a clear error with a code, not worth a retry', () => {
  it('in a folder that does not exist', async () => {
    const backend = new SqliteBackend({ path: join(newFolder(), 'missing', 'sessions.db') });
    await expectFailure(backend, backend.open(context), /folder .* does not exist/, expect.any(TypeError));
  });

  it('that is a folder', async () => {
    const backend = new SqliteBackend({ path: newFolder() });
    await expectFailure(backend, backend.open(context), /cannot be opened/, { code: 'SQLITE_CANTOPEN' });
  });

  it('that is no database', async () => {
    const path = newPath();
    writeFileSync(path, 'This is a letter, not a database. '.repeat(100));
    const backend = new SqliteBackend({ path });
    await expectFailure(backend, backend.open(context), /not an SQLite database/, { code: 'SQLITE_NOTADB' });
    expect(readFileSync(path, 'utf8')).toMatch(/^This is a letter/);
  });

  it('that is damaged', async () => {
    const path = newPath();
    const first = await openBackend({ path });
    await first.write(
      Array.from({ length: 500 }, (_, index) => insert(`id-${index}`, { data: 'x'.repeat(500) })),
      context,
    );
    await first.close();
    const file = openSync(path, 'r+');
    // The first page, with the header and the schema, stays.
    writeSync(file, Buffer.alloc(statSync(path).size - 4_096, 0x5a), 0, undefined, 4_096);
    const backend = new SqliteBackend({ path });
    const call = backend.open(context).then(() => backend.read(['id-7'], context));
    await expectFailure(backend, call, /damaged/, { code: expect.stringMatching(/^SQLITE_CORRUPT/) });
    await backend.close();
  });

  it('that is read-only, by its permissions', async () => {
    const path = newPath();
    await (await openBackend({ path })).close();
    chmodSync(path, 0o444);
    chmodSync(dirname(path), 0o555);
    // Without -shm, which it may not make, SQLite cannot even read a file in WAL mode.
    expect(await failureWithoutPrivileges(path)).toEqual({
      code: 'BACKEND_FAILED',
      message: expect.stringMatching(/read-only|permissions/),
      causeCode: expect.stringMatching(/^SQLITE_(READONLY|CANTOPEN)/),
    });
    chmodSync(dirname(path), 0o755);
  });

  it('that was opened read-only by the caller: reads work, a write says why it does not', async () => {
    const path = newPath();
    const writer = await openBackend({ path });
    await writer.write([insert('a')], context);
    const reader = await openBackend({ database: openDatabase(path, { readonly: true }) });
    expect(await reader.read(['a'], context)).toMatchObject([{ id: 'a' }]);
    expect(await reader.prune(5, context)).toBe(0);
    await expectFailure(reader, reader.write([insert('b')], context), /read-only/, {
      code: expect.stringMatching(/^SQLITE_READONLY/),
    });
  });

  it('that was opened read-only by the caller and has no table yet', async () => {
    const path = newPath();
    openDatabase(path).exec('CREATE TABLE other (x)');
    const backend = new SqliteBackend({ database: openDatabase(path, { readonly: true }) });
    await expectFailure(backend, backend.open(context), /read-only/, { code: 'SQLITE_READONLY' });
  });

  it('that is full', async () => {
    const database = openDatabase(newPath());
    const backend = await openBackend({ database });
    database.pragma(`max_page_count = ${database.pragma('page_count', { simple: true })}`);
    const write = backend.write([insert('a', { data: 'x'.repeat(100_000) })], context);
    await expectFailure(backend, write, /full/, { code: 'SQLITE_FULL' });
    expect(database.inTransaction).toBe(false);
    expect(await backend.read(['a'], context)).toEqual([undefined]);
  });
});

describe('isTransient', () => {
  it.each([
    ['SQLITE_BUSY', true],
    ['SQLITE_BUSY_SNAPSHOT', true],
    ['SQLITE_LOCKED', true],
    ['SQLITE_PROTOCOL', true],
    ['SQLITE_IOERR_FSYNC', true],
    ['SQLITE_NOMEM', true],
    ['SQLITE_FULL', false],
    ['SQLITE_READONLY', false],
    ['SQLITE_CORRUPT_INDEX', false],
    ['SQLITE_NOTADB', false],
    ['SQLITE_CANTOPEN', false],
    ['SQLITE_CONSTRAINT_TRIGGER', false],
    ['SQLITE_ERROR', false],
    ['EIO', false],
  ])('%s: %s', (code, transient) => {
    const backend = new SqliteBackend({ path: ':memory:' });
    expect(backend.isTransient(Object.assign(new Error('of a driver'), { code }))).toBe(transient);
  });
});

describe('one bad item', () => {
  it('has the driver’s error as its cause, and is not worth a retry', async () => {
    const database = openDatabase(newPath());
    const backend = await openBackend({ database });
    database.exec(`CREATE TRIGGER refuse BEFORE INSERT ON sessions WHEN NEW.id = 'bad'
      BEGIN SELECT RAISE(ABORT, 'not this one'); END`);
    const answers = await backend.write([insert('a'), insert('bad'), insert('c')], context);
    expect(answers).toMatchObject([
      { status: 'written' },
      { status: 'error', error: { code: 'BACKEND_FAILED', cause: { code: 'SQLITE_CONSTRAINT_TRIGGER' } } },
      { status: 'written' },
    ]);
    expect(await backend.read(['a', 'bad', 'c'], context)).toMatchObject([
      { id: 'a' },
      undefined,
      { id: 'c' },
    ]);
  });
});
