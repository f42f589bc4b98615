import { setTimeout } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { lockFromAnotherProcess, messageOf, spawnProgram } from './other-process.js';
import { context, insert, newPath, openBackend } from './setup.js';

describe("another process' lock", () => {
  it('is waited for while the event loop goes on, and then the call takes effect', async () => {
    const path = newPath();
    const backend = await openBackend({ path });
    const holder = await lockFromAnotherProcess(path);
    let ticks = 0;
    const ticker = setInterval(() => ticks++, 5);
    const calls = [
      backend.write([insert('a')], context),
      backend.touch([{ id: 'x', revision: 'none', expiry: { in: 1, exact: true } }], context),
      backend.remove([{ id: 'x', grace: 0 }], context),
    ];
    let settled = 0;
    for (const call of calls) void call.then(() => settled++);
    // Not a wait for something: the time during which the loop has to tick and nothing may settle.
    await setTimeout(500);
    clearInterval(ticker);
    expect(settled).toBe(0);
    // 100 fit; a loop that stands still for a busy timeout has next to none.
    expect(ticks).toBeGreaterThan(30);
    await holder.release();
    const answers = await Promise.all(calls);
    expect(answers.flat().map(({ status }) => status)).toEqual(['written', 'gone', 'removed']);
  });

  it('does not keep readers waiting', async () => {
    const path = newPath();
    const backend = await openBackend({ path });
    await backend.write([insert('a')], context);
    const holder = await lockFromAnotherProcess(path);
    expect(await backend.read(['a'], context)).toMatchObject([{ id: 'a' }]);
    expect(await backend.count(context)).toBe(1);
    await holder.release();
  });

  it('that outlasts the time of the call: a transient error, nothing written, and the next call works', async () => {
    const path = newPath();
    const backend = await openBackend({ path });
    const holder = await lockFromAnotherProcess(path);
    const error = await backend.write([insert('a')], { signal: AbortSignal.timeout(200) }).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({ code: 'BACKEND_UNAVAILABLE', cause: { code: 'SQLITE_BUSY' } });
    expect(backend.isTransient(error)).toBe(true);
    await holder.release();
    expect(await backend.read(['a'], context)).toEqual([undefined]);
    expect(await backend.write([insert('a')], context)).toEqual([{ status: 'written' }]);
  });

  it('keeps readers waiting too where it is exclusive, in a database without WAL', async () => {
    const path = newPath();
    const database = new Database(path);
    const backend = await openBackend({ database });
    await backend.write([insert('a')], context);
    const holder = await lockFromAnotherProcess(path, 'EXCLUSIVE');
    let settled = false;
    const read = backend.read(['a'], context).finally(() => {
      settled = true;
    });
    await setTimeout(150); // The time during which nothing may settle.
    expect(settled).toBe(false);
    await holder.release();
    expect(await read).toMatchObject([{ id: 'a' }]);
    database.close();
  });

  it('held while the store is opened for the first time is waited for', async () => {
    const path = newPath();
    new Database(path).exec('CREATE TABLE other (x)').close();
    const holder = await lockFromAnotherProcess(path, 'EXCLUSIVE');
    const opening = openBackend({ path });
    await setTimeout(100); // The time during which opening must wait.
    await holder.release();
    const backend = await opening;
    expect(await backend.write([insert('a')], context)).toEqual([{ status: 'written' }]);
  });
});

describe('several processes on one file', () => {
  it('each change of a record is made once: a counter that three processes raise is exact', async () => {
    const path = newPath();
    const backend = await openBackend({ path });
    await backend.write([insert('counter', { data: '0' })], context);
    const program = `
      import { randomUUID } from 'node:crypto';
      import { SqliteBackend } from '@session-stores/sqlite';
      const context = { signal: AbortSignal.timeout(30_000), onEvicted() {}, onError() {} };
      const backend = new SqliteBackend({ path: process.argv[1] });
      await backend.open(context);
      let conflicts = 0;
      for (let raised = 0; raised < 200; ) {
        const [{ data, birth, revision }] = await backend.read(['counter'], context);
        const [{ status }] = await backend.write([{
          id: 'counter', data: String(Number(data) + 1), birth, revision: randomUUID(),
          expiry: { in: 0, exact: false }, expect: { revision },
        }], context);
        if (status === 'written') raised++;
        else conflicts++;
      }
      await backend.close();
      process.send(conflicts);
      process.disconnect();
    `;
    const processes = Array.from({ length: 3 }, () => spawnProgram(program, [path]));
    await Promise.all(processes.map(messageOf));
    expect(await backend.read(['counter'], context)).toMatchObject([{ data: '600' }]);
  });
});
