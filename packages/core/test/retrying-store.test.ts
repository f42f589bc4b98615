import { RetryingStore } from '@session-stores/core';
import session from 'express-session';
import { describe, expect, it } from 'vitest';
import { refuseUnhandledRejections } from '../../../test-harness/src/own-tests/unhandled-rejections.js';
import { type Answer, failingFirst, refused, storeWith } from './foreign-store.js';

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
      [Object.assign(new AggregateError([refused(), refused()]), { code: 'ECONNREFUSED' }), 2],
      [Object.assign(new AggregateError([refused(), new Error('?')]), { code: 'ECONNREFUSED' }), 1],
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
