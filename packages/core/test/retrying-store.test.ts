import { RetryingStore } from '@session-stores/core';
import session from 'express-session';
import { describe, expect, it } from 'vitest';
import { refuseUnhandledRejections } from './unhandled-rejections.js';

type Answer = (error?: unknown, value?: unknown) => void;

/** What a driver rejects with while its server is away. */
function refused(code = 'ECONNREFUSED'): Error {
  return Object.assign(new Error(`connect ${code}`), { code, syscall: 'connect' });
}

/** A store with just these methods, as an express-session store of anyone may have them. */
function storeWith(methods: object): session.Store {
  const missing = (): never => {
    throw new Error('not to be called');
  };
  return Object.assign(
    // Abstract only for TypeScript: older stores are made so.
    new (session.Store as unknown as new () => session.Store)(),
    { get: missing, set: missing, destroy: missing },
    methods,
  ) as never;
}

/** A method that calls back with these errors first, and then with `value`; counts its calls. */
function failingFirst(errors: unknown[], value?: unknown) {
  const left = [...errors];
  const method = Object.assign(
    (...values: unknown[]): void => {
      method.calls++;
      const answer = values.at(-1) as Answer;
      const failure = left.shift();
      setImmediate(() => (failure === undefined ? answer(null, value) : answer(failure)));
    },
    { calls: 0 },
  );
  return method;
}

const quick = { retry: { minTimeout: 1, maxTimeout: 5, attemptTimeout: 50 }, operationTimeout: 500 };
const found = { cookie: {}, user: 'ann' };

describe('RetryingStore', () => {
  refuseUnhandledRejections();

  it('tries get, touch and destroy again while the server is away', async () => {
    const [get, touch, destroy] = [[refused(), refused('ECONNRESET')], [refused()], [refused()]].map(
      (errors) => failingFirst(errors, found),
    );
    const store = new RetryingStore(storeWith({ get, touch, destroy }), quick);
    expect(await store.get('a')).toBe(found);
    await (store as unknown as { touch(id: string, data: object): Promise<void> }).touch('a', found);
    await store.destroy('a');
    expect([get, touch, destroy].map((method) => method?.calls)).toEqual([3, 2, 2]);
  });

  it('does not try again what fails for good', async () => {
    const destroy = failingFirst([new Error('WRONGPASS'), refused()]);
    const store = new RetryingStore(storeWith({ destroy }), quick);
    await expect(store.destroy('a')).rejects.toThrow('WRONGPASS');
    expect(destroy.calls).toBe(1);
  });

  it('lets isTransient say what is worth another try', async () => {
    const destroy = failingFirst([new Error('BUSY')]);
    const isTransient = (error: unknown): boolean => (error as Error).message === 'BUSY';
    await new RetryingStore(storeWith({ destroy }), { ...quick, isTransient }).destroy('a');
    expect(destroy.calls).toBe(2);
  });

  it('tries set again only where nothing can have been sent', async () => {
    for (const [error, calls] of [
      [refused(), 2],
      [refused('ENOTFOUND'), 2],
      [Object.assign(new Error('no name'), { code: 'ENOTFOUND', syscall: 'getaddrinfo' }), 2],
      [Object.assign(new Error('cut off'), { code: 'ECONNRESET', syscall: 'read' }), 1],
      [Object.assign(new Error('cut off'), { code: 'EPIPE', syscall: 'write' }), 1],
      [new Error('timeout'), 1],
    ] as const) {
      const set = failingFirst([error]);
      const store = new RetryingStore(storeWith({ set }), quick);
      await store.set('a', found as never).catch(() => {});
      expect(set.calls, error.message).toBe(calls);
    }
  });

  describe('while a call waits to be tried again', () => {
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

  it('gives set all the time of the operation, and does not repeat it', async () => {
    let calls = 0;
    const set = (_id: string, _data: object, answer: Answer): void => {
      calls++;
      // Three attempts long.
      setTimeout(() => answer(null), 150);
    };
    await new RetryingStore(storeWith({ set }), quick).set('a', found as never);
    expect(calls).toBe(1);
  });

  it('needs no callback: a failure is no unhandled rejection', async () => {
    const store = new RetryingStore(storeWith({ destroy: failingFirst([new Error('no')]) }), quick);
    store.destroy('a');
    await new Promise((resolve) => setTimeout(resolve, 20));
  });

  it('takes answers by callback or by promise', async () => {
    for (const get of [
      (_id: string, answer: Answer) => answer(null, found),
      async () => found,
      // Promise and callback: the first answer counts.
      async (_id: string, answer: Answer) => {
        answer(null, found);
        return { cookie: {}, user: 'another' };
      },
    ]) {
      expect(await new RetryingStore(storeWith({ get }), quick).get('a')).toBe(found);
    }
    const store = new RetryingStore(
      storeWith({ get: async () => undefined, destroy: async () => {} }),
      quick,
    );
    expect(await store.get('a')).toBeUndefined();
    await store.destroy('a');
    await expect(
      new RetryingStore(storeWith({ destroy: () => Promise.reject(new Error('no')) }), quick).destroy('a'),
    ).rejects.toThrow('no');
  });

  it('does not take the early end of an async function for the answer that its callback gives', async () => {
    const get = async (_id: string, answer: Answer): Promise<void> => {
      setTimeout(() => answer(null, found), 10);
    };
    const destroy = async (_id: string, answer: Answer): Promise<void> => {
      setTimeout(() => answer(new Error('not destroyed')), 10);
    };
    const store = new RetryingStore(storeWith({ get, destroy }), quick);
    expect(await store.get('a')).toBe(found);
    await expect(store.destroy('a')).rejects.toThrow('not destroyed');
  });

  it('answers once, by callback and promise, a store that calls back twice', async () => {
    const get = (_id: string, answer: Answer): void => {
      answer(null, found);
      answer(new Error('again'));
      answer(null, { user: 'another' });
    };
    const calls: unknown[][] = [];
    const store = new RetryingStore(storeWith({ get }), quick);
    const promise = store.get('a', (...values) => calls.push(values));
    expect(calls).toEqual([]);
    expect(await promise).toBe(found);
    await new Promise((resolve) => setImmediate(resolve));
    expect(calls).toEqual([[null, found]]);
  });

  it('turns what a store throws into an answer', async () => {
    let calls = 0;
    const get = (): never => {
      calls++;
      throw calls === 1 ? refused() : new Error('broken');
    };
    const store = new RetryingStore(storeWith({ get }), quick);
    await expect(store.get('a')).rejects.toThrow('broken');
    expect(calls).toBe(2);
    for (const thrown of ['text', null, undefined]) {
      const throwing = storeWith({
        destroy: () => {
          throw thrown;
        },
      });
      await expect(new RetryingStore(throwing, quick).destroy('a')).rejects.toBeInstanceOf(Error);
    }
  });

  it('answers TIMEOUT within the limit for a store that never does', async () => {
    let calls = 0;
    const store = new RetryingStore(storeWith({ get: () => void calls++, set: () => {} }), quick);
    const start = performance.now();
    await expect(store.get('a')).rejects.toMatchObject({ code: 'TIMEOUT' });
    expect(calls).toBeGreaterThan(3);
    await expect(store.set('a', found as never)).rejects.toMatchObject({ code: 'TIMEOUT' });
    expect(performance.now() - start).toBeLessThan(2 * 500 + 300);
  });

  it('reads ENOENT of get as express-session does, but never that of a socket that is not there', async () => {
    const file = Object.assign(new Error('no file'), { code: 'ENOENT', syscall: 'open' });
    const get = failingFirst([file]);
    expect(await new RetryingStore(storeWith({ get }), quick).get('a')).toBeUndefined();
    expect(get.calls).toBe(1);
    const away = failingFirst([refused('ENOENT')], found);
    expect(await new RetryingStore(storeWith({ get: away }), quick).get('a')).toBe(found);
    const always = storeWith({ get: (_id: string, answer: Answer) => answer(refused('ENOENT')) });
    await expect(new RetryingStore(always, quick).get('a')).rejects.toMatchObject({
      code: expect.stringMatching(/^(TIMEOUT|BACKEND_UNAVAILABLE)$/),
    });
    const destroy = failingFirst([file]);
    await expect(new RetryingStore(storeWith({ destroy }), quick).destroy('a')).rejects.toMatchObject({
      code: 'BACKEND_FAILED',
      cause: file,
    });
  });

  it('has just the methods that the inner store has, and asks those once', async () => {
    const bare = new RetryingStore(storeWith({})) as unknown as Record<string, unknown>;
    for (const name of ['touch', 'all', 'ids', 'length', 'clear']) {
      expect(bare[name], name).toBeUndefined();
    }
    const length = failingFirst([refused()], 3);
    const clear = failingFirst([refused()]);
    const full = new RetryingStore(storeWith({ length, clear }), quick);
    await expect(full.length?.(() => {})).rejects.toThrow('ECONNREFUSED');
    const calls: unknown[][] = [];
    await new Promise((resolve) => full.length?.((...values) => resolve(calls.push(values))));
    expect(calls).toEqual([[null, 3]]);
    await expect(full.clear?.()).rejects.toThrow('ECONNREFUSED');
    expect([length.calls, clear.calls]).toEqual([2, 1]);
  });

  it('passes connect and disconnect on', () => {
    const inner = storeWith({});
    const store = new RetryingStore(inner);
    const events: string[] = [];
    store.on('connect', () => events.push('connect'));
    store.on('disconnect', () => events.push('disconnect'));
    inner.emit('disconnect');
    inner.emit('connect');
    expect(events).toEqual(['disconnect', 'connect']);
  });

  it('works around express-session’s own store', async () => {
    const store = new RetryingStore(new session.MemoryStore());
    await store.set('a', found as never);
    expect(await store.get('a')).toMatchObject({ user: 'ann' });
    await store.destroy('a');
    expect(await store.get('a')).toBeUndefined();
  });
});
