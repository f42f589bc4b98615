import { oneByOne, SessionStore } from '@session-stores/core';
import { describe, expect, it } from 'vitest';
import { LossyBackend } from './lossy-backend.js';
import { made, sessionOf } from './requests.js';

describe('oneByOne', () => {
  it('makes primitives of many items from functions of one, which fail alone, thrown or rejected', async () => {
    const signals = new Set<unknown>();
    const { read } = oneByOne({
      read: (id, { signal }) => {
        signals.add(signal);
        if (id === 'throws') {
          throw new Error('thrown');
        }
        return id === 'rejects' ? Promise.reject(new Error('rejected')) : undefined;
      },
      write: () => ({ status: 'written' }),
      touch: () => ({ status: 'touched' }),
      remove: () => ({ status: 'removed' }),
    });
    const { signal } = new AbortController();
    expect(await read(['a', 'throws', 'rejects'], { signal })).toEqual([
      undefined,
      { status: 'error', error: new Error('thrown') },
      { status: 'error', error: new Error('rejected') },
    ]);
    expect(signals).toEqual(new Set([signal]));
  });

  it('is enough for a store', async () => {
    const inner = new LossyBackend();
    const first = <Item, Answer>(
      primitive: (items: Item[], context: never) => Promise<readonly Answer[]>,
    ) => {
      return async (item: Item, context: unknown) => (await primitive([item], context as never))[0] as Answer;
    };
    const backend = {
      name: 'example',
      ...oneByOne({
        read: first(inner.read.bind(inner)),
        write: first(inner.write.bind(inner)),
        touch: first(inner.touch.bind(inner)),
        remove: first(inner.remove.bind(inner)),
      }),
      scan: () => inner.scan(),
      isTransient: () => false,
      close: async () => {},
    };
    const store = new SessionStore(backend);
    await Promise.all(['a', 'b', 'c'].map((id) => store.set(id, made(store, id, { name: id }))));
    expect(await sessionOf(store, 'b')).toEqual({ name: 'b' });
    inner.failingIds.add('b');
    const results = await Promise.allSettled(['a', 'b', 'c'].map((id) => store.get(id)));
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });
});
