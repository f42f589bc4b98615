import fs from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { recordName, SessionStore, type SessionStoreOptions } from '@session-stores/core';
import { describe, expect, it, onTestFinished } from 'vitest';
import { doneLine, entryLine } from '../src/journal-lines.js';
import { bornAt, freshBirth } from '../src/revision.js';
import { entriesAt, newPath, replaceInFs } from './journal-disk.js';
import { insertOf, LossyBackend } from './lossy-backend.js';
import { made, sessionOf } from './requests.js';

const once = { retry: { retries: 0, attemptTimeout: 200 }, operationTimeout: 1000 };

function storeOn(backend: LossyBackend, journal: string, options: SessionStoreOptions = {}): SessionStore {
  const store = new SessionStore(backend, { ...once, journal, ...options });
  onTestFinished(async () => {
    await store.close();
  });
  return store;
}

/** What the disk would have if this process were killed now. */
function afterCrash(path: string): string {
  const copy = newPath();
  fs.copyFileSync(path, copy);
  return copy;
}

const losing = (...primitives: string[]) => {
  return (primitive: string) => (primitives.includes(primitive) ? 'lose request' : 'deliver');
};

describe('a journal', () => {
  it('has a destroy before anything is sent, with its birth, and has it no more when it is confirmed', async () => {
    const path = newPath();
    const backend = new LossyBackend();
    const store = storeOn(backend, path);
    await store.set('a', made(store, 'a', {}));
    const birth = backend.rows.get('a')?.birth;
    let during: unknown;
    backend.beforeEffect = (primitive) => {
      during = primitive === 'remove' ? entriesAt(path) : during;
    };
    await store.destroy('a');
    expect(during).toMatchObject([{ id: 'a', birth, begun: expect.any(Number), grace: 31_000 }]);
    await store.close();
    expect(entriesAt(path)).toEqual([]);
  });

  it('waits for the disk before it sends', async () => {
    const backend = new LossyBackend();
    const store = storeOn(backend, newPath());
    await store.set('a', made(store, 'a', {}));
    const order: string[] = [];
    backend.beforeEffect = (primitive) => order.push(primitive);
    replaceInFs('fdatasync', (real) => (fd: number, done: fs.NoParamCallback) => {
      setImmediate(() =>
        real(fd, (error) => {
          order.push('on disk');
          done(error);
        }),
      );
    });
    await store.destroy('a');
    expect(order).toEqual(['on disk', 'remove']);
  });

  it('costs a thousand destroys at once a few fsyncs', async () => {
    const backend = new LossyBackend();
    const store = storeOn(backend, newPath(), { operationTimeout: 20_000 });
    const ids = Array.from({ length: 1000 }, (_, number) => `id-${number}`);
    await Promise.all(ids.map((id) => store.set(id, made(store, id, {}))));
    let syncs = 0;
    replaceInFs('fdatasync', (real) => (fd: number, done: fs.NoParamCallback) => {
      syncs++;
      real(fd, done);
    });
    await Promise.all(ids.map((id) => store.destroy(id)));
    expect(backend.rows.size).toBe(0);
    expect(syncs).toBeGreaterThan(0);
    expect(syncs).toBeLessThan(5);
  });

  it('stays small, and keeps what is pending through it', async () => {
    const path = newPath();
    const backend = new LossyBackend();
    const store = storeOn(backend, path);
    backend.fate = losing('remove');
    await store.set('pending', made(store, 'pending', {}));
    await expect(store.destroy('pending')).rejects.toThrow();
    const ids = Array.from({ length: 3000 }, (_, number) => `id-${number}`);
    backend.fate = () => 'deliver';
    backend.failingIds.add('pending');
    let largest = 0;
    for (let start = 0; start < ids.length; start += 50) {
      const some = ids.slice(start, start + 50);
      await Promise.all(some.map((id) => store.set(id, made(store, id, {}))));
      await Promise.all(some.map((id) => store.destroy(id)));
      largest = Math.max(largest, fs.statSync(path).size);
    }
    // 3,000 entries and their strike-outs are 500 KB.
    expect(largest).toBeGreaterThan(50_000);
    expect(largest).toBeLessThan(80_000);
    expect(entriesAt(path).map(({ id }) => id)).toContain('pending');
    expect(fs.statSync(path).mode & 0o777).toBe(0o600);
    backend.failingIds.clear();
  });

  it('has only hashes of ids with hashIds, and they are enough for the next process', async () => {
    const path = newPath();
    const backend = new LossyBackend();
    const store = storeOn(backend, path, { hashIds: Buffer.alloc(32, 1) });
    await store.set('the id', made(store, 'the id', {}));
    backend.fate = losing('remove');
    await expect(store.destroy('the id')).rejects.toThrow();
    expect(fs.readFileSync(path, 'utf8')).not.toContain('the id');
    const left = afterCrash(path);
    backend.fate = () => 'deliver';
    const next = storeOn(backend, left, { hashIds: Buffer.alloc(32, 1) });
    await next.close();
    expect(backend.rows.size).toBe(0);
    expect(entriesAt(left)).toEqual([]);
  });

  it('is created for its owner only, and one that others can read is mended', async () => {
    const path = newPath();
    fs.writeFileSync(path, entryLine({ number: 4, id: 'a', birth: 'b', begun: 1, grace: 1 }), {
      mode: 0o644,
    });
    await storeOn(new LossyBackend(), path).close();
    for (const file of [path, `${path}.lock`]) {
      expect(fs.statSync(file).mode & 0o777).toBe(0o600);
    }
  });
});

describe('what a former process left in its journal', () => {
  async function left(birthKnown: boolean) {
    const path = newPath();
    const backend = new LossyBackend();
    const first = storeOn(backend, path);
    await first.set('a', made(first, 'a', { user: 'ann' }));
    const user = birthKnown ? first : storeOn(backend, newPath());
    backend.fate = () => 'lose request';
    const from = birthKnown ? path : newPath();
    const store = birthKnown ? user : storeOn(backend, from);
    await expect(store.destroy('a')).rejects.toThrow();
    return { backend, path: afterCrash(from) };
  }

  it.each([true, false])(
    'is hidden at once, finished in the background, and struck out (birth known: %s)',
    async (known) => {
      const { backend, path } = await left(known);
      expect(entriesAt(path)).toMatchObject([{ id: 'a', birth: known ? expect.any(String) : undefined }]);
      backend.fate = losing('remove');
      const next = storeOn(backend, path);
      expect(await next.get('a')).toBeUndefined();
      expect(await next.ids()).toEqual([]);
      expect(backend.rows.size).toBe(1);
      const destroyed = new Promise((resolve) => next.once('destroyed', resolve));
      backend.fate = () => 'deliver';
      expect(await destroyed).toEqual({ record: recordName('a') });
      expect(backend.rows.size).toBe(0);
      await next.close();
      expect(entriesAt(path)).toEqual([]);
    },
  );

  it.each([true, false])(
    'takes no session with it that was given the id since (birth known: %s)',
    async (known) => {
      const { backend, path } = await left(known);
      backend.fate = () => 'deliver';
      backend.rows.delete('a');
      // Later than the clocks may differ by.
      backend.applyWrite({ ...insertOf('a', { user: 'bob' }), birth: freshBirth(Date.now() + 60_000) });
      const next = storeOn(backend, path);
      await next.close();
      expect(entriesAt(path)).toEqual([]);
      expect(await sessionOf(storeOn(backend, newPath()), 'a')).toEqual({ user: 'bob' });
    },
  );

  it('may be a destroy that was refused because too much was under way', async () => {
    const path = newPath();
    const backend = new LossyBackend();
    const first = storeOn(backend, path, { maxPending: 1 });
    await first.set('a', made(first, 'a', { user: 'ann' }));
    backend.fate = () => 'lose request';
    const admitted = first.get('b');
    await expect(first.destroy('a')).rejects.toMatchObject({ code: 'OVERLOADED' });
    await expect(admitted).rejects.toThrow();
    await expect.poll(() => entriesAt(path)).toMatchObject([{ id: 'a', birth: expect.any(String) }]);
    const next = storeOn(backend, afterCrash(path));
    backend.fate = () => 'deliver';
    await next.close();
    expect(backend.rows.size).toBe(0);
  });

  it('stays there while the storage is away', async () => {
    const { backend, path } = await left(true);
    const next = storeOn(backend, path);
    expect(await next.close()).toEqual({ unfinishedDeletions: [recordName('a')] });
    expect(entriesAt(path)).toMatchObject([{ id: 'a' }]);
  });

  it('is finished before its id is given to a new session', async () => {
    const { backend, path } = await left(true);
    backend.fate = () => 'deliver';
    const next = storeOn(backend, path);
    await next.set('a', made(next, 'a', { user: 'bob' }));
    await next.close();
    expect(entriesAt(path)).toEqual([]);
    expect(backend.rows.get('a')?.data).toContain('bob');
  });

  it.each([
    [true, 'stays through'],
    [false, 'is forgotten by'],
  ])('%j: where its birth is known or not, it %s a clear', async (known) => {
    const { backend, path } = await left(known);
    backend.fate = () => 'deliver';
    const next = storeOn(backend, path);
    await next.clear();
    backend.fate = () => 'lose request';
    expect(await next.close()).toEqual({ unfinishedDeletions: known ? [recordName('a')] : [] });
    expect(entriesAt(path)).toHaveLength(known ? 1 : 0);
  });

  it('hides every session where it is more than can be remembered, until it is less', async () => {
    const path = newPath();
    const many = Array.from({ length: 10_001 }, (_, number) =>
      entryLine({ number, id: `${number}`, birth: 'b', begun: 1, grace: 1 }),
    );
    fs.writeFileSync(path, many.join(''));
    const backend = new LossyBackend();
    backend.applyWrite(insertOf('another', {}));
    const next = storeOn(backend, path, { operationTimeout: 20_000 });
    await expect(next.get('another')).rejects.toMatchObject({ code: 'DELETIONS_FULL' });
    await expect.poll(() => next.get('another').catch(() => undefined), { timeout: 10_000 }).toBeDefined();
  });

  it('is told of where it was damaged, with a copy, and the rest of it is finished', async () => {
    const path = newPath();
    const line = (number: number, id: string) =>
      entryLine({ number, id, birth: undefined, begun: 1, grace: 1 });
    fs.writeFileSync(path, `${line(1, 'a')}${line(2, 'b').replace('"b"', '"x"')}${line(3, 'c')}ssj1 torn`);
    const before = fs.readFileSync(path);
    const backend = new LossyBackend();
    for (const id of ['a', 'b', 'c', 'x']) backend.applyWrite(insertOf(id, {}));
    const next = storeOn(backend, path);
    const [event] = await new Promise<[{ error: unknown }]>((resolve) => {
      next.once('storeError', (...payload) => resolve(payload as [{ error: unknown }]));
    });
    expect(event.error).toMatchObject({ name: 'JournalError', code: 'JOURNAL_DAMAGED' });
    await next.close();
    expect([...backend.rows.keys()]).toEqual(['b', 'x']);
    expect(fs.readFileSync(`${path}.damaged`)).toEqual(before);
    expect(fs.statSync(`${path}.damaged`).mode & 0o777).toBe(0o600);
  });
});

describe('a journal that cannot be written', () => {
  const failures: Record<string, (path: string) => void> = {
    'because an fsync fails': () =>
      replaceInFs(
        'fdatasync',
        () => (_: number, done: fs.NoParamCallback) =>
          done(Object.assign(new Error('no space left'), { code: 'ENOSPC' })),
      ),
    'because the disk does not answer': () => replaceInFs('fdatasync', () => () => {}),
    'because its directory is gone': (path) => fs.rmSync(join(path, '..'), { recursive: true }),
  };
  for (const [name, fail] of Object.entries(failures)) {
    it(`${name}: the session is destroyed all the same, with an event`, async () => {
      const path = newPath();
      const backend = new LossyBackend();
      const store = storeOn(backend, path);
      const errors: unknown[] = [];
      store.on('storeError', ({ record, operation, error }) => errors.push({ record, operation, error }));
      await store.set('a', made(store, 'a', {}));
      fail(path);
      await store.destroy('a');
      expect(backend.rows.size).toBe(0);
      const error = expect.objectContaining({ code: 'JOURNAL_FAILED' });
      expect(errors).toEqual([{ record: recordName('a'), operation: 'destroy', error }]);
    });
  }

  it('has everything that is open as soon as it can be', async () => {
    const path = newPath();
    const backend = new LossyBackend();
    const store = storeOn(backend, path);
    await store.set('a', made(store, 'a', {}));
    await store.set('b', made(store, 'b', {}));
    fs.rmSync(path);
    fs.mkdirSync(path);
    backend.fate = losing('remove');
    await expect(store.destroy('a')).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' });
    fs.rmdirSync(path);
    await expect(store.destroy('b')).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' });
    expect(entriesAt(path).map(({ id }) => id)).toEqual(['a', 'b']);
    backend.fate = () => 'deliver';
  });
});

describe('the option journal', () => {
  const make = (journal: unknown, options: object = once) =>
    new SessionStore(new LossyBackend(), { ...options, journal } as SessionStoreOptions);

  it('is refused where it cannot be what it is to be, with what to do', () => {
    const folder = join(newPath(), '..');
    const wrong: [() => unknown, RegExp][] = [
      [() => make(7), /must be the path of a file/],
      [() => make(''), /must be the path of a file/],
      [() => make(newPath(), {}), /use the Retrying form/],
      [() => make(join(folder, 'none', 'journal')), /there is no directory .*none; create it/],
      [() => make(folder), /is no file; pass the path of a file/],
    ];
    for (const [attempt, message] of wrong) {
      expect(attempt).toThrow(
        expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringMatching(message) }),
      );
    }
  });

  it('leaves a file alone that is no journal, or one of a later release', () => {
    const body = '{"kind":"new"}';
    for (const text of ['precious\n', `ssj1 ${crc32(body).toString(16).padStart(8, '0')} ${body}\n`]) {
      const path = newPath();
      fs.writeFileSync(path, text);
      expect(() => make(path)).toThrow(expect.objectContaining({ code: 'JOURNAL_FAILED' }));
      expect(fs.readFileSync(path, 'utf8')).toBe(text);
    }
  });

  it('is refused to a second store of the process, by whatever name, until the first is closed', async () => {
    const path = newPath();
    const alias = `${path}-alias`;
    fs.writeFileSync(path, doneLine(1));
    fs.symlinkSync(path, alias);
    const first = make(path);
    for (const name of [path, alias]) {
      expect(() => make(name)).toThrow(
        expect.objectContaining({ name: 'JournalError', code: 'JOURNAL_IN_USE' }),
      );
    }
    await first.close();
    await make(alias).close();
    expect(fs.lstatSync(alias).isSymbolicLink()).toBe(true);
  });
});

describe('a birth', () => {
  it('tells when its life began, and one that is no time tells nothing', () => {
    expect(bornAt(freshBirth(1_700_000_000_000))).toBe(1_700_000_000_000);
    expect(freshBirth(1_700_000_000_000)).not.toBe(freshBirth(1_700_000_000_000));
    expect(bornAt(freshBirth(0))).toBeUndefined();
    expect(bornAt(freshBirth(Date.now() + 10 * 86_400_000))).toBeUndefined();
    expect(bornAt('another-birth-00')).toBeUndefined();
  });
});
