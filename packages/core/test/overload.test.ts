import { SessionStore } from '@session-stores/core';
import { describe, expect, it, vi } from 'vitest';
import { destroyEach } from '../src/destroy-each.js';
import { insertOf, LossyBackend } from './lossy-backend.js';
import { made, sessionOf } from './requests.js';

const ids = (count: number, of = 'id'): string[] => Array.from({ length: count }, (_, i) => `${of} ${i}`);

/** A storage that answers nothing until it is told to. */
function silent() {
  const backend = new LossyBackend();
  const answer = Promise.withResolvers<void>();
  for (const name of ['read', 'write', 'touch', 'remove'] as const) {
    const primitive = backend[name].bind(backend) as (...given: unknown[]) => Promise<never>;
    Object.assign(backend, {
      [name]: async (...given: unknown[]) => {
        await answer.promise;
        return primitive(...given);
      },
    });
  }
  return { backend, answer: answer.resolve };
}

const codesOf = (results: PromiseSettledResult<unknown>[]): unknown[] => [
  ...new Set(results.map((result) => (result.status === 'rejected' ? result.reason.code : 'success'))),
];

describe('more calls than maxPending', () => {
  it.each([false, {}])(
    'are refused at once, each once and never synchronously (retry: %j)',
    async (retry) => {
      const { backend, answer } = silent();
      backend.applyWrite(insertOf('id 3', { user: 'ann' }));
      const store = new SessionStore(backend, { maxPending: 10, retry });
      const failures = vi.fn();
      const retries = vi.fn();
      store.on('storeError', failures).on('retry', retries);
      const admitted = Promise.allSettled(ids(10).map((id) => store.get(id)));
      const session = made(store, 'id 3', {});
      const calls: ((callback: () => void) => unknown)[] = [
        (callback) => store.get('id 3', callback),
        (callback) => store.set('id 3', session, callback),
        (callback) => store.touch('id 3', session, callback),
        (callback) => store.destroy('id 5', callback),
        (callback) => store.update('id 3', () => expect.unreachable(), callback),
        (callback) => store.destroyMany(['id 3'], callback),
        (callback) => store.all(callback),
        (callback) => store.ids(callback),
        (callback) => store.length(callback),
        (callback) => store.clear(callback),
      ];
      for (const call of calls) {
        const callback = vi.fn();
        const promise = call(callback);
        expect(callback).not.toHaveBeenCalled();
        await expect(promise).rejects.toMatchObject({
          code: 'OVERLOADED',
          message: expect.stringContaining('raise maxPending'),
        });
        await new Promise((resolve) => setImmediate(resolve));
        expect(callback.mock.calls).toEqual([[expect.objectContaining({ code: 'OVERLOADED' })]]);
      }
      expect(failures).toHaveBeenCalledTimes(calls.length);
      expect(retries).not.toHaveBeenCalled();
      answer();
      expect(codesOf(await admitted)).toEqual(['success']);
      expect(await sessionOf(store, 'id 3')).toEqual({ user: 'ann' });
      await store.close();
    },
  );

  it('are no error where nobody waits for their answer', async () => {
    const { backend } = silent();
    const store = new SessionStore(backend, { maxPending: 1, operationTimeout: 50 });
    store.get('a');
    store.destroy('b');
    await expect(store.get('c')).rejects.toMatchObject({ code: 'OVERLOADED' });
  });

  it('are 20,000 unless told otherwise', async () => {
    const { backend, answer } = silent();
    const store = new SessionStore(backend, { operationTimeout: 60_000 });
    const admitted = ids(20_000).map((id) => store.get(id));
    await expect(store.get('a')).rejects.toMatchObject({ code: 'OVERLOADED' });
    answer();
    expect(codesOf(await Promise.allSettled(admitted))).toEqual(['success']);
  });
});

describe('a destroy that is refused', () => {
  it('hides its session and goes on in the background, in a store that retries', async () => {
    const { backend, answer } = silent();
    backend.applyWrite(insertOf('a', { user: 'ann' }));
    const store = new SessionStore(backend, { maxPending: 1, retry: {} });
    const gaveUp = vi.fn();
    store.on('gaveUp', gaveUp);
    const admitted = store.get('b');
    await expect(store.destroy('a')).rejects.toMatchObject({ code: 'OVERLOADED' });
    expect(gaveUp.mock.calls).toEqual([[expect.objectContaining({ operation: 'destroy' })]]);
    const destroyed = new Promise((resolve) => store.once('destroyed', resolve));
    answer();
    await admitted;
    expect(await store.get('a')).toBeUndefined();
    await destroyed;
    expect(backend.rows.size).toBe(0);
  });

  it('has done nothing, in a store that does not', async () => {
    const { backend, answer } = silent();
    backend.applyWrite(insertOf('a', { user: 'ann' }));
    const store = new SessionStore(backend, { maxPending: 1 });
    const admitted = store.get('b');
    await expect(store.destroy('a')).rejects.toMatchObject({ code: 'OVERLOADED' });
    answer();
    await admitted;
    expect(await sessionOf(store, 'a')).toEqual({ user: 'ann' });
    await store.destroy('a');
    expect(backend.rows.size).toBe(0);
  });

  it('and cannot be remembered says so, and the store shows no session until there are fewer', async () => {
    const { backend, answer } = silent();
    backend.applyWrite(insertOf('a', { user: 'ann' }));
    const store = new SessionStore(backend, { maxPending: 1, retry: {} });
    const admitted = store.get('b');
    const refused = await Promise.allSettled(ids(10_001).map((id) => store.destroy(id)));
    expect(codesOf(refused)).toEqual(['OVERLOADED', 'DELETIONS_FULL']);
    answer();
    await admitted;
    await expect(store.get('a')).rejects.toMatchObject({ code: 'DELETIONS_FULL' });
    await store.destroy('id 0');
    expect(await sessionOf(store, 'a')).toEqual({ user: 'ann' });
  });

  const plain = (user: string) => ({ cookie: { maxAge: 60_000 }, user }) as never;

  it.each(['destroy', 'clear'] as const)(
    'stays remembered although a %s that was called before is under way, and means the set between them',
    async (first) => {
      const { backend, answer } = silent();
      const cleared = Promise.withResolvers<void>();
      const clear = () => cleared.promise.then(() => backend.rows.clear());
      const store = new SessionStore(Object.assign(backend, { clear }), { maxPending: 2, retry: {} });
      backend.applyWrite(insertOf('a', { user: 'old' }));
      const calls = [first === 'clear' ? store.clear() : store.destroy('a'), store.set('a', plain('new'))];
      await expect(store.destroy('a')).rejects.toMatchObject({ code: 'OVERLOADED' });
      answer();
      cleared.resolve();
      await Promise.all(calls);
      expect(await store.get('a')).toBeUndefined();
      await store.close();
      expect(backend.rows.size).toBe(0);
    },
  );

  it('means the session that a set under way makes, and not the one that the id had before', async () => {
    const backend = new LossyBackend();
    const store = new SessionStore(backend, { maxPending: 1, retry: {} });
    await store.set('a', plain('old'));
    // Another process has destroyed it.
    backend.rows.clear();
    const set = store.set('a', plain('new'));
    await expect(store.destroy('a')).rejects.toMatchObject({ code: 'OVERLOADED' });
    await set;
    expect(await store.get('a')).toBeUndefined();
    await store.close();
    expect(backend.rows.size).toBe(0);
  });

  it('of no valid id is not remembered', async () => {
    const { backend, answer } = silent();
    const store = new SessionStore(backend, { maxPending: 1, retry: {} });
    const admitted = store.get('b');
    await expect(store.destroy('\0')).rejects.toMatchObject({ code: 'OVERLOADED' });
    answer();
    await admitted;
    expect(await store.close()).toEqual({ unfinishedDeletions: [] });
  });
});

describe('many destroys', () => {
  it('one by one, ten thousand at once, all succeed', async () => {
    const backend = new LossyBackend();
    for (const id of ids(10_000)) {
      backend.applyWrite(insertOf(id, {}));
    }
    const store = new SessionStore(backend);
    expect(codesOf(await Promise.allSettled(ids(10_000).map((id) => store.destroy(id))))).toEqual([
      'success',
    ]);
    expect(backend.rows.size).toBe(0);
  });

  it('by destroyMany are one call, however many', async () => {
    const backend = new LossyBackend();
    for (const id of ids(5000)) {
      backend.applyWrite(insertOf(id, {}));
    }
    const store = new SessionStore(backend, { maxPending: 2 });
    const many = store.destroyMany(ids(5000));
    // Its parts take the room of others, not of itself.
    await expect(store.get('a')).rejects.toMatchObject({ code: 'OVERLOADED' });
    await many;
    expect(backend.rows.size).toBe(0);
  });

  it('by destroyMany are under way 1,024 at a time, not all at once', async () => {
    let underWay = 0;
    let most = 0;
    await destroyEach(ids(5000), async () => {
      most = Math.max(most, ++underWay);
      await new Promise((resolve) => setImmediate(resolve));
      underWay--;
    });
    expect(most).toBe(1024);
  });

  it.each([false, {}])('by destroyMany beyond its time limit are not begun (retry: %j)', async (retry) => {
    const backend = new LossyBackend();
    const slow = async (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 50));
    let calls = 0;
    for (const name of ['read', 'remove'] as const) {
      const primitive = backend[name].bind(backend) as (...given: unknown[]) => Promise<never>;
      Object.assign(backend, {
        [name]: async (...given: unknown[]) => {
          calls++;
          await slow();
          return primitive(...given);
        },
      });
    }
    backend.applyWrite(insertOf('other', { user: 'ann' }));
    const store = new SessionStore(backend, { operationTimeout: 400, retry });
    const gaveUp = vi.fn();
    store.on('gaveUp', gaveUp);
    const failure = await store.destroyMany(ids(30_000)).catch((error) => error);
    expect(failure).toMatchObject({ code: 'TIMEOUT', message: expect.stringContaining('of 30000 sessions') });
    // Of those that were under way at the end, and of those that began in the last ms; all others have one in common.
    expect(new Set(failure.cause.errors).size).toBeLessThanOrEqual(2 * 1_024 + 1);
    // Reads and removals, at most one call of each at a time, and the last ones.
    expect(calls).toBeLessThan(2 * (400 / 50) + 8);
    expect(gaveUp.mock.calls.length).toBeLessThan(5_000 + 2_048);
    expect(await sessionOf(store, 'other')).toEqual({ user: 'ann' });
  });

  it('by destroyMany are all carried out when the store is closed meanwhile', async () => {
    const backend = new LossyBackend();
    for (const id of ids(3000)) {
      backend.applyWrite(insertOf(id, {}));
    }
    const store = new SessionStore(backend);
    const many = store.destroyMany(ids(3000));
    const closed = store.close();
    await expect(store.get('a')).rejects.toMatchObject({ code: 'CLOSED' });
    await many;
    expect(backend.rows.size).toBe(0);
    await closed;
  });

  it('by destroyMany that cannot be carried out are all given up within its time limit', async () => {
    const backend = new LossyBackend();
    backend.fate = () => 'hang';
    const store = new SessionStore(backend, { operationTimeout: 1000, retry: { attemptTimeout: 100 } });
    const start = performance.now();
    await expect(store.destroyMany(ids(3000))).rejects.toMatchObject({
      message: '3000 of 3000 sessions could not be destroyed',
    });
    // One time limit, and what a busy machine may be late by; one for each thousand would be 3,000.
    expect(performance.now() - start).toBeLessThan(1000 + 1200);
    const { unfinishedDeletions } = await store.close();
    expect(unfinishedDeletions).toHaveLength(3000);
  });
});
