import type { CallContext, ReadAnswer } from '@session-stores/core';
import { SessionStore } from '@session-stores/core';
import { SqliteBackend, type SqliteBackendOptions, SqliteStore } from '@session-stores/sqlite';
import { describe, expect, it, onTestFinished } from 'vitest';
import { messageOf, spawnProgram } from './other-process.js';
import { newPath, openDatabase } from './setup.js';

type Data = Parameters<SqliteStore['set']>[1];
const session = (fields: object = {}): Data => ({ cookie: { originalMaxAge: 60_000 }, ...fields }) as never;

class CountingBackend extends SqliteBackend {
  reads = 0;

  override read(ids: readonly string[], context: CallContext): Promise<readonly ReadAnswer[]> {
    this.reads++;
    return super.read(ids, context);
  }
}

function cachingStore(options: SqliteBackendOptions) {
  const backend = new CountingBackend(options);
  const store = new SessionStore(backend, { cache: {} });
  onTestFinished(async () => void (await store.close()));
  return { backend, store };
}

describe('the cache of an SQLite store', () => {
  it('shows a session no more as soon as another process has destroyed it', async () => {
    const path = newPath();
    const { backend, store } = cachingStore({ path });
    await store.set('warm', session());
    const child = spawnProgram(
      `import { SqliteStore } from '@session-stores/sqlite';
       const store = new SqliteStore({ path: process.argv[1] });
       process.on('message', async (id) => {
         await store.destroy(id);
         process.send('destroyed');
       });
       process.on('disconnect', () => store.close());
       process.send('ready');`,
      [path],
    );
    await messageOf(child);
    const rounds = 300;
    let served = 0;
    for (let round = 0; round < rounds; round++) {
      const id = `session ${round}`;
      await store.set(id, session({ round }));
      await store.get(id);
      const before = backend.reads;
      expect(await store.get(id)).toMatchObject({ round });
      served += before === backend.reads ? 1 : 0;
      const answered = messageOf(child);
      child.send(id);
      expect(await answered).toBe('destroyed');
      expect(await store.get(id), `${id} after its destroy`).toBeUndefined();
    }
    expect(served).toBe(rounds);
    child.disconnect();
  });

  it('keeps what this process saves', async () => {
    const { backend, store } = cachingStore({ path: newPath() });
    await store.set('a', session({ n: 1 }));
    for (let n = 2; n < 5; n++) {
      await store.set('a', session({ n }));
      expect(await store.get('a')).toMatchObject({ n });
    }
    expect(backend.reads).toBe(1); // That of the first `set`, which found nothing.
  });

  it('is emptied by another store on the same file', async () => {
    const path = newPath();
    const { store } = cachingStore({ path });
    const other = new SqliteStore({ path, table: 'others' });
    const same = new SqliteStore({ path });
    await store.set('a', session({ n: 1 }));
    await store.get('a');
    await other.set('a', session({ n: 9 }));
    expect(await store.get('a')).toMatchObject({ n: 1 });
    await same.set('a', session({ n: 2 }));
    expect(await store.get('a')).toMatchObject({ n: 2 });
    await Promise.all([other.close(), same.close()]);
  });

  describe("on a caller's database", () => {
    it('sees what the caller changes through the same handle', async () => {
      const database = openDatabase(newPath());
      const { backend, store } = cachingStore({ database });
      await store.set('a', session());
      await store.get('a');
      const before = backend.reads;
      expect(await store.get('a')).toBeDefined();
      expect(backend.reads).toBe(before);
      database.exec('DELETE FROM sessions');
      expect(await store.get('a')).toBeUndefined();
    });

    it('sees what another store on the same handle destroys', async () => {
      const database = openDatabase(newPath());
      const { store } = cachingStore({ database });
      const other = new SqliteStore({ database });
      await store.set('a', session());
      await store.get('a');
      await other.destroy('a');
      expect(await store.get('a')).toBeUndefined();
    });

    it('is bypassed while the caller has a transaction open', async () => {
      const database = openDatabase(newPath());
      const { store } = cachingStore({ database });
      await store.set('a', session());
      await store.get('a');
      database.exec('BEGIN; DELETE FROM sessions');
      const found = store.get('a');
      setTimeout(() => database.exec('COMMIT'), 20);
      expect(await found).toBeUndefined();
    });
  });

  it('shows a session until the transaction that deletes it is committed, and no longer', async () => {
    const path = newPath();
    const { backend, store } = cachingStore({ path });
    await store.set('a', session());
    await store.get('a');
    const database = openDatabase(path);
    const before = backend.reads;
    database.exec('BEGIN IMMEDIATE; DELETE FROM sessions');
    expect(await store.get('a'), 'what is not committed is not there').toBeDefined();
    expect(backend.reads).toBe(before);
    database.exec('COMMIT');
    expect(await store.get('a')).toBeUndefined();
  });
});
