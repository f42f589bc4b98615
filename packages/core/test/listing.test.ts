import { SessionStore } from '@session-stores/core';
import { describe, expect, it } from 'vitest';
import { insertOf, LossyBackend } from './lossy-backend.js';

function filled(): { backend: LossyBackend; store: SessionStore } {
  const backend = new LossyBackend();
  for (const id of ['a', 'b', 'c']) {
    backend.applyWrite(insertOf(id, { name: id, id: 'of the application' }));
  }
  backend.applyWrite({ ...insertOf('over', {}), expiry: { in: -1, exact: true } });
  return { backend, store: new SessionStore(backend) };
}

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
