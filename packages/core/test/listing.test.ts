import { SessionStore } from '@session-stores/core';
import { describe, expect, it, vi } from 'vitest';
import { insertOf, LossyBackend, Lost } from './lossy-backend.js';

function filled(): { backend: LossyBackend; store: SessionStore } {
  const backend = new LossyBackend();
  for (const id of ['a', 'b', 'c']) {
    backend.applyWrite(insertOf(id, { name: id, id: 'of the application' }));
  }
  backend.applyWrite({ ...insertOf('over', {}), expiry: { in: -1, exact: true } });
  return { backend, store: new SessionStore(backend) };
}

describe('a clear of a store that retries', () => {
  it('is one attempt, because a late one would take sessions with it that were made since', async () => {
    const backend = new LossyBackend();
    backend.scan = async function* () {
      yield [];
      throw new Lost('the reply was lost');
    };
    const store = new SessionStore(backend, { retry: { minTimeout: 1 } });
    const retries = vi.fn();
    store.on('retry', retries);
    await expect(store.clear()).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' });
    expect(retries).not.toHaveBeenCalled();
  });
});

describe('a listing of a store that retries', () => {
  it.each(['all', 'ids', 'length'] as const)('is tried again: %s', async (method) => {
    const backend = new LossyBackend();
    backend.applyWrite(insertOf('a', {}));
    backend.applyWrite(insertOf('b', {}));
    const scan = backend.scan.bind(backend);
    let failures = 0;
    backend.scan = async function* () {
      for await (const page of scan()) {
        yield page.slice(0, 1);
        if (failures++ === 0) throw new Lost('the reply was lost');
        yield page;
      }
    };
    const store = new SessionStore(backend, { retry: { minTimeout: 1 } });
    const retries = vi.fn();
    store.on('retry', retries);
    const found = await store[method]();
    expect(Array.isArray(found) ? found.length : found).toBe(2);
    expect(retries.mock.calls).toEqual([[expect.objectContaining({ record: undefined })]]);
  });
});

describe('all, ids and length', () => {
  it('show every live session once', async () => {
    const { backend, store } = filled();
    const scan = backend.scan.bind(backend);
    backend.scan = async function* () {
      yield* scan();
      yield* scan();
    };
    expect(await store.ids()).toEqual(['a', 'b', 'c']);
    expect(await store.length()).toBe(3);
    expect((await store.all()).map((session) => [session.id, (session as { name?: string }).name])).toEqual([
      ['a', 'a'],
      ['b', 'b'],
      ['c', 'c'],
    ]);
  });

  it('work with a record that cannot be read, but for all, which names it', async () => {
    const { backend, store } = filled();
    backend.applyWrite({ ...insertOf('d', {}), data: '[]' });
    await expect(store.all()).rejects.toMatchObject({
      code: 'CORRUPT',
      message: expect.stringMatching(/record [0-9a-f]{12}/),
    });
    expect(await store.ids()).toContain('d');
    expect(await store.length()).toBe(4);
  });

  it('let the backend count where it can', async () => {
    const store = new SessionStore(Object.assign(filled().backend, { count: () => Promise.resolve(42) }));
    expect(await store.length()).toBe(42);
  });
});
