import type { RecordWrite } from '@session-stores/core';
import { expect, it } from 'vitest';
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
