import type { RecordWrite } from '@session-stores/core';
import { describe, expect, it } from 'vitest';
import { cached } from '../src/cached-backend.js';
import { insertOf } from './lossy-backend.js';
import { WatchedBackend } from './watched-backend.js';

const context = { signal: new AbortController().signal, onEvicted() {}, onError() {} };

// A store lets the calls on one id wait for each other. Here they overlap, as after a call that was given up.
async function withRecord() {
  const storage = new WatchedBackend();
  const backend = cached('SessionStore', storage, { maxEntries: 10, maxAge: 60_000 });
  await backend.open?.(context);
  storage.vouch();
  const write: RecordWrite = insertOf('a', {});
  await backend.write([write], context);
  return { storage, backend, write };
}

it('a record is forgotten before its removal is sent', async () => {
  const { backend } = await withRecord();
  expect(backend.recall('a')).toBeDefined();
  const removed = backend.remove([{ id: 'a', grace: 0 }], context);
  expect(backend.recall('a')).toBeUndefined();
  await removed;
});

it('a read that began during a removal, and is answered after it, is not kept', async () => {
  const { storage, backend } = await withRecord();
  const held = Promise.withResolvers<void>();
  const answered = storage.read.bind(storage);
  storage.read = async (ids, context) => {
    const answers = await answered(ids, context);
    await held.promise;
    return answers;
  };
  // The removal takes effect last.
  const effects: string[] = [];
  storage.beforeEffect = (primitive) => effects.push(primitive);
  const remove = storage.remove.bind(storage);
  storage.remove = async (removals, context) => {
    await new Promise((resolve) => setImmediate(resolve));
    return remove(removals, context);
  };
  const removed = backend.remove([{ id: 'a', grace: 0 }], context);
  const read = backend.read(['a'], context);
  await removed;
  expect(effects).toEqual(['read', 'remove']);
  held.resolve();
  expect(await read).toMatchObject([{ id: 'a' }]);
  expect(backend.recall('a')).toBeUndefined();
});

it('an update of a record that was not kept leaves nothing: its expiry is not known', async () => {
  const { storage, backend, write } = await withRecord();
  storage.lose();
  storage.vouch();
  const update: RecordWrite = {
    ...write,
    revision: 'the next one',
    expect: { revision: write.revision },
    expiry: { in: 1_000, exact: false },
  };
  expect(await backend.write([update], context)).toEqual([{ status: 'written' }]);
  expect(backend.recall('a')).toBeUndefined();
});

describe('an opening that was given up', () => {
  /** `hold`: what the storage does not end before it is told to. */
  function slowly(hold: 'open' | 'watch') {
    const storage = new WatchedBackend();
    const held: (() => void)[] = [];
    const wait = () => new Promise<void>((resolve) => held.push(resolve));
    const watch = storage.watch.bind(storage);
    let opened = 0;
    Object.assign(storage, {
      open: async () => {
        if (hold === 'open') await wait();
      },
      watch: async (...values: Parameters<typeof watch>) => {
        opened++;
        if (hold === 'watch') await wait();
        return watch(...values);
      },
    });
    const backend = cached('SessionStore', storage, { maxEntries: 10, maxAge: 60_000 });
    return { storage, backend, held, opened: () => opened };
  }

  it.for([
    ['first', 0, 1],
    ['second', 1, 0],
  ] as const)('leaves one watch when the %s one is there before the other', async ([, sooner, later]) => {
    const { storage, backend, held } = slowly('watch');
    const openings = [backend.open?.(context), backend.open?.(context)];
    await expect.poll(() => held.length).toBe(2);
    held[sooner]?.();
    await openings[sooner];
    const [used] = storage.listeners;
    held[later]?.();
    await openings[later];
    expect(storage.listeners).toEqual([used]);
    await backend.close();
    expect(storage.listeners).toEqual([]);
  });

  it('watches nothing after the close', async () => {
    const { storage, backend, held, opened } = slowly('open');
    const opening = backend.open?.(context);
    await expect.poll(() => held.length).toBe(1);
    await backend.close();
    held[0]?.();
    await opening;
    expect([opened(), storage.listeners]).toEqual([0, []]);
  });

  it('stops its watch when that is there after the close', async () => {
    const { storage, backend, held } = slowly('watch');
    const opening = backend.open?.(context);
    await expect.poll(() => held.length).toBe(1);
    await backend.close();
    held[0]?.();
    await opening;
    expect(storage.listeners).toEqual([]);
  });
});

it('the storage is closed though its watch cannot be stopped', async () => {
  const storage = new WatchedBackend();
  const failure = new Error('not stopped');
  let closed = 0;
  Object.assign(storage, {
    watch: async () => ({ stop: () => Promise.reject(failure) }),
    close: async () => {
      closed++;
    },
  });
  const backend = cached('SessionStore', storage, { maxEntries: 10, maxAge: 60_000 });
  await backend.open?.(context);
  await expect(backend.close()).rejects.toBe(failure);
  expect(closed).toBe(1);
});
