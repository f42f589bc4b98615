import { RetryingStore } from '@session-stores/core';
import session from 'express-session';
import { describe, expect, it } from 'vitest';
import { refuseUnhandledRejections } from '../../../test-harness/src/own-tests/unhandled-rejections.js';
import { type Answer, failingFirst, refused, storeWith } from './foreign-store.js';

describe('while a call of RetryingStore waits to be tried again', () => {
  refuseUnhandledRejections();

  /** express-session's own store, whose calls of these names are refused as often. */
  function refusing(times: Record<string, number>) {
    const inner = new session.MemoryStore() as session.Store & { refused: string[] };
    inner.refused = [];
    for (const name of Object.keys(times)) {
      const method = (inner as unknown as Record<string, (...values: unknown[]) => void>)[name];
      Object.assign(inner, {
        [name]: (...values: unknown[]) => {
          if ((times[name] ?? 0) <= 0) return method?.apply(inner, values);
          times[name] = (times[name] ?? 0) - 1;
          inner.refused.push(name);
          setImmediate(values.at(-1) as Answer, refused());
        },
      });
    }
    return inner;
  }
  const patient = { retry: { minTimeout: 50, randomize: false }, operationTimeout: 2_000 };
  const first = { cookie: {}, user: 'ann' } as never;
  const second = { cookie: {}, user: 'bob' } as never;

  it.for(['destroy', 'clear'] as const)('a save does not undo a %s', async (name) => {
    const inner = refusing({ set: 1 });
    const store = new RetryingStore(inner, patient);
    const save = store.set('a', first);
    await expect.poll(() => inner.refused).toEqual(['set']);
    await (name === 'destroy' ? store.destroy('a') : store.clear?.());
    await save;
    expect(await store.get('a')).toBeUndefined();
  });

  it('a save does not undo a newer one, and is answered as that is', async () => {
    const inner = refusing({ set: 1 });
    const store = new RetryingStore(inner, patient);
    await Promise.all([store.set('a', first), store.set('a', second)]);
    expect(await store.get('a')).toMatchObject({ user: 'bob' });
  });

  it('a save is answered as the newer call is where it would not have been tried once more either', async () => {
    const inner = refusing({ set: 1 });
    const store = new RetryingStore(inner, { ...patient, retry: { minTimeout: 500, retries: 1 } });
    const save = store.set('a', first);
    await expect.poll(() => inner.refused).toEqual(['set']);
    // Until it is answered, and waits for its last try.
    await new Promise((resolve) => setTimeout(resolve, 50));
    await store.destroy('a');
    expect(await save).toBeUndefined();
  });

  it('a save does not mind what is called of another session', async () => {
    const inner = refusing({ set: 1 });
    const store = new RetryingStore(inner, patient);
    await Promise.all([store.set('a', first), store.set('b', second), store.destroy('c')]);
    expect(await store.get('a')).toMatchObject({ user: 'ann' });
  });

  it('a save that is dropped fails where the newer one does', async () => {
    const answers = [refused(), new Error('disk full')];
    const set = failingFirst(answers);
    const store = new RetryingStore(storeWith({ set }), patient);
    const saves = await Promise.allSettled([store.set('a', first), store.set('a', second)]);
    expect(saves.map((save) => (save as PromiseRejectedResult).reason)).toEqual(answers);
    expect(set.calls).toBe(2);
  });

  it('a touch brings nothing back that was destroyed', async () => {
    const touch = failingFirst([refused()]);
    const destroy = failingFirst([]);
    const store = new RetryingStore(storeWith({ touch, destroy }), patient);
    const touched = (store as unknown as { touch(...values: unknown[]): Promise<void> }).touch('a', first);
    await store.destroy('a');
    await touched;
    expect([touch.calls, destroy.calls]).toEqual([1, 1]);
  });

  it('a destroy is not forgotten for a newer save', async () => {
    const inner = refusing({ destroy: 1 });
    const store = new RetryingStore(inner, patient);
    const destroyed = store.destroy('a');
    await store.set('a', first);
    await destroyed;
    expect(await store.get('a')).toBeUndefined();
  });

  it('a save is answered in time though the newer call never is', async () => {
    const set = failingFirst([refused()]);
    const store = new RetryingStore(storeWith({ set, destroy: () => {} }), {
      ...patient,
      operationTimeout: 300,
    });
    const start = performance.now();
    const answers = await Promise.allSettled([store.set('a', first), store.destroy('a')]);
    expect(answers.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(performance.now() - start).toBeLessThan(1_000);
    expect(set.calls).toBe(1);
  });
});
