import { setImmediate } from 'node:timers/promises';
import { atOnce, SessionStore, SessionStoreError } from '@session-stores/core';
import { MemoryBackend, MemoryStore } from '@session-stores/memory';
import { beforeEach, describe, expect, it } from 'vitest';

const session = (views = 1) => ({ cookie: {}, views }) as never;

describe('a store whose storage answers at once', () => {
  // Of so many calls in one turn of the event loop the rest is waited for.
  beforeEach(() => setImmediate());

  it('calls back and emits when the call has returned, the event first', async () => {
    const store = new MemoryStore();
    const seen: string[] = [];
    for (const name of ['created', 'loaded', 'destroyed'] as const) store.on(name, () => seen.push(name));
    const call = (name: string, start: (callback: (error: unknown) => void) => unknown) =>
      new Promise<void>((resolve, reject) => {
        start((error) => {
          seen.push(`${name} called back`);
          error ? reject(error) : resolve();
        });
        seen.push(`${name} returned`);
      });
    await call('set', (callback) => store.set('an id', session(), callback));
    await call('get', (callback) => store.get('an id', callback));
    await call('destroy', (callback) => store.destroy('an id', callback));
    expect(seen).toEqual([
      'set returned',
      'created',
      'set called back',
      'get returned',
      'loaded',
      'get called back',
      'destroy returned',
      'destroyed',
      'destroy called back',
    ]);
  });

  it('has emitted before its promise is resolved', async () => {
    const store = new MemoryStore();
    const seen: string[] = [];
    store.on('created', () => seen.push('created'));
    await store.set('an id', session());
    expect(seen).toEqual(['created']);
  });

  it('leaves the event loop its turn, however many ask in a loop', async () => {
    const store = new MemoryStore();
    await store.set('an id', session());
    let hadItsTurn = false;
    setImmediate().then(() => {
      hadItsTurn = true;
    });
    for (let calls = 0; calls < 10_000 && !hadItsTurn; calls++) await store.get('an id');
    expect(hadItsTurn).toBe(true);
  });

  for (const [what, options] of [
    ['plain', {}],
    ['encrypted', { encryptionKeys: Buffer.alloc(32, 7) }],
  ] as const) {
    it(`does not keep the next call of an id waiting where sessions are ${what}`, async () => {
      const asked: string[] = [];
      class Watched extends MemoryBackend {
        override read(...call: Parameters<MemoryBackend['read']>) {
          asked.push('read');
          return super.read(...call);
        }
        override touch(...call: Parameters<MemoryBackend['touch']>) {
          asked.push('touch');
          return super.touch(...call);
        }
      }
      const store = new SessionStore(new Watched(), options);
      await store.set('an id', session());
      const found = (await store.get('an id')) as never;
      asked.length = 0;
      const calls = [store.get('an id'), store.touch('an id', found), store.get('an id')];
      expect(asked).toEqual(['read', 'touch', 'read']);
      await Promise.all<unknown>(calls);
    });
  }

  it('keeps the order of calls of one id that are made while one is under way', async () => {
    const store = new MemoryStore();
    const order: string[] = [];
    let during: Promise<unknown>[] = [];
    store.on('loaded', () => {
      order.push('loaded');
      if (during.length > 0) return;
      during = [
        store.set('an id', session(2)).then(() => order.push('set')),
        store.destroy('an id').then(() => order.push('destroyed')),
        store.get('an id').then((found) => order.push(found === undefined ? 'gone' : 'there')),
      ];
    });
    await store.set('an id', session());
    await store.get('an id');
    await Promise.all(during);
    expect(order).toEqual(['loaded', 'set', 'destroyed', 'gone']);
  });

  it('answers a failure like any other, and goes on', async () => {
    const backend = new MemoryBackend();
    const read = backend.read.bind(backend);
    let failure: (() => never) | undefined = () => {
      throw new Error('broken');
    };
    backend.read = (ids, context) => failure?.() ?? read(ids, context);
    const store = new SessionStore(backend);
    const failures: unknown[] = [];
    store.on('storeError', ({ operation }) => failures.push(operation));
    const callback = new Promise((resolve) => store.get('an id', resolve));
    await expect(store.get('an id')).rejects.toMatchObject({ code: 'BACKEND_FAILED' });
    expect(await callback).toBeInstanceOf(SessionStoreError);
    expect(failures).toEqual(['get', 'get']);
    failure = undefined;
    await store.set('an id', session());
    expect(await store.get('an id')).toMatchObject({ views: 1 });
  });

  it('fails where there are not as many answers as items', async () => {
    const backend = new MemoryBackend();
    backend.read = () => atOnce([]);
    const store = new SessionStore(backend);
    await expect(store.get('an id')).rejects.toMatchObject({
      code: 'BACKEND_FAILED',
      cause: expect.objectContaining({ message: expect.stringContaining('as many answers') }),
    });
  });

  it('fails for a session that cannot be read, and keeps nobody waiting behind it', async () => {
    const parse = () => {
      throw new SyntaxError('no session');
    };
    const store = new MemoryStore({ serializer: { stringify: JSON.stringify, parse } });
    await store.set('an id', session());
    await expect(store.get('an id')).rejects.toMatchObject({ code: 'CORRUPT' });
    await store.destroy('an id');
    expect(await store.get('an id')).toBeUndefined();
  });

  it('does not pass by a primitive that somebody has put before it', async () => {
    class Slow extends MemoryBackend {
      override async read(...call: Parameters<MemoryBackend['read']>) {
        await setImmediate();
        return super.read(...call);
      }
    }
    const store = new SessionStore(new Slow());
    await store.set('an id', session());
    let isAnswered = false;
    const answer = store.get('an id').then(() => {
      isAnswered = true;
    });
    for (let turn = 0; turn < 100; turn++) await Promise.resolve();
    expect(isAnswered).toBe(false);
    await answer;
  });
});
