import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { context, insert, newPath, openBackend, openDatabase } from './setup.js';

/** Fails if the call settles now; ms that it is given are those in which nothing may happen. */
async function expectWaiting(call: Promise<unknown>): Promise<void> {
  const settled = call.then(
    () => 'settled',
    () => 'settled',
  );
  expect(await Promise.race([settled, setTimeout(80, 'waiting')])).toBe('waiting');
}

describe("a caller's open transaction", () => {
  it('does not become the home of a deletion: its ROLLBACK takes nothing back', async () => {
    const database = openDatabase(newPath());
    database.exec('CREATE TABLE orders (number)');
    const backend = await openBackend({ database });
    await backend.write([insert('a')], context);
    database.exec('BEGIN; INSERT INTO orders VALUES (1)');
    const removal = backend.remove([{ id: 'a', grace: 0 }], context);
    await expectWaiting(removal);
    database.exec('ROLLBACK');
    expect(await removal).toEqual([{ status: 'removed' }]);
    expect(await backend.read(['a'], context)).toEqual([undefined]);
    expect(database.prepare('SELECT count(*) AS n FROM orders').get()).toEqual({ n: 0 });
  });

  it.each([
    ['BEGIN', 'COMMIT'],
    ['SAVEPOINT mine', 'RELEASE mine'],
  ])('%s … %s: reads wait, so that they never see its old snapshot', async (begin, end) => {
    const path = newPath();
    const database = openDatabase(path);
    database.pragma('journal_mode = WAL');
    const backend = await openBackend({ database });
    const elsewhere = await openBackend({ path });
    await backend.write([insert('a')], context);
    database.exec(begin);
    database.prepare('SELECT count(*) FROM sessions').get(); // The snapshot is taken here.
    await elsewhere.remove([{ id: 'a', grace: 0 }], context);
    const read = backend.read(['a'], context);
    await expectWaiting(read);
    database.exec(end);
    expect(await read).toEqual([undefined]);
  });

  it('an open iterate() holds such a snapshot too, and is waited for', async () => {
    const path = newPath();
    const database = openDatabase(path);
    database.pragma('journal_mode = WAL');
    database.exec('CREATE TABLE orders (number); INSERT INTO orders VALUES (1), (2)');
    const backend = await openBackend({ database });
    const elsewhere = await openBackend({ path });
    await backend.write([insert('a')], context);
    const rows = database.prepare('SELECT * FROM orders').iterate();
    rows.next();
    await elsewhere.remove([{ id: 'a', grace: 0 }], context);
    const read = backend.read(['a'], context);
    const write = backend.write([insert('b')], context);
    await expectWaiting(Promise.race([read, write]));
    rows.return?.();
    expect(await read).toEqual([undefined]);
    expect(await write).toEqual([{ status: 'written' }]);
  });

  it('that outlasts the time of the call: a transient error, and nothing happens afterwards', async () => {
    const database = openDatabase(newPath());
    const backend = await openBackend({ database });
    database.exec('BEGIN');
    const write = backend.write([insert('a')], { signal: AbortSignal.timeout(60) });
    await expect(write).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' });
    database.exec('COMMIT');
    expect(await backend.read(['a'], context)).toEqual([undefined]);
  });
});

describe("a caller's settings", () => {
  it('busy timeout, journal mode and synchronous are after every call what they were', async () => {
    const database = openDatabase(newPath(), { timeout: 1_234 });
    database.pragma('journal_mode = TRUNCATE');
    database.pragma('synchronous = EXTRA');
    const settings = () =>
      ['busy_timeout', 'journal_mode', 'synchronous'].map((name) => database.pragma(name, { simple: true }));
    const before = settings();
    expect(before).toEqual([1_234, 'truncate', 3]);
    const backend = await openBackend({ database });
    expect(settings()).toEqual(before);
    await backend.write([insert('a')], context);
    await backend.read(['a'], context);
    expect(settings()).toEqual(before);
    database.exec('DROP TABLE sessions');
    await expect(backend.read(['a'], context)).rejects.toMatchObject({ code: 'BACKEND_FAILED' });
    expect(settings()).toEqual(before);
    expect(database.inTransaction).toBe(false);
  });

  it('integers as BigInt do not matter', async () => {
    const database = openDatabase(newPath());
    database.defaultSafeIntegers(true);
    const backend = await openBackend({ database });
    await backend.write([insert('a', { expiry: { in: 1_000, exact: true } })], context);
    const [record] = await backend.read(['a'], context);
    expect(record).toMatchObject({ expiresAt: expect.any(Number) });
    expect(await backend.count(context)).toBe(1);
    expect(await backend.prune(5, context)).toBe(0);
    expect(database.pragma('busy_timeout', { simple: true })).toBe(5_000n);
  });

  it('close leaves the database open', async () => {
    const database = openDatabase(newPath());
    const backend = await openBackend({ database });
    await backend.close();
    expect(database.open).toBe(true);
    await expect(backend.read(['a'], context)).rejects.toMatchObject({ code: 'BACKEND_FAILED' });
  });

  it('a database that the caller closed is a clear error', async () => {
    const database = openDatabase(newPath());
    const backend = await openBackend({ database });
    database.close();
    await expect(backend.read(['a'], context)).rejects.toMatchObject({
      code: 'BACKEND_FAILED',
      message: expect.stringContaining('was closed'),
    });
  });
});
