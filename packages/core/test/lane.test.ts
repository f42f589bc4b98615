import { SessionStore } from '@session-stores/core';
import { describe, expect, it } from 'vitest';
import { LossyBackend } from './lossy-backend.js';
import { loaded, made, sessionOf } from './requests.js';

describe('operations on one id', () => {
  it('take effect in the order of their calls, however long each takes', async () => {
    const backend = new LossyBackend();
    const store = new SessionStore(backend, { retry: { minTimeout: 20, attemptTimeout: 50 } });
    const order: string[] = [];
    const note = (name: string) => () => order.push(name);
    const session = made(store, 'a', { n: 1 });
    backend.fates.push('lose request');
    const set = store.set('a', session).then(note('set'));
    const get = store.get('a').then((found) => {
      expect(found).toMatchObject({ n: 1 });
      order.push('get');
    });
    const destroy = store.destroy('a').then(note('destroy'));
    const after = store.get('a').then((found) => {
      expect(found).toBeUndefined();
      order.push('get after');
    });
    await Promise.all([set, get, destroy, after]);
    expect(order).toEqual(['set', 'get', 'destroy', 'get after']);
  });

  it('save the session as it was at the call', async () => {
    const store = new SessionStore(new LossyBackend());
    const session = made(store, 'a', { n: 1 });
    const saved = store.set('a', session);
    Object.assign(session, { n: 2 });
    await saved;
    expect(await sessionOf(store, 'a')).toEqual({ n: 1 });
  });

  it('save and destroy without waiting leave nothing', async () => {
    const backend = new LossyBackend();
    const store = new SessionStore(backend);
    const session = made(store, 'a', {});
    store.set('a', session);
    await store.destroy('a');
    expect(backend.rows.size).toBe(0);
    await store.set('b', made(store, 'b', {}));
    const again = await loaded(store, 'b');
    store.set('b', Object.assign(again, { n: 1 }));
    await store.destroy('b');
    expect(backend.rows.size).toBe(0);
  });

  it('read it side by side', async () => {
    const backend = new LossyBackend();
    const store = new SessionStore(backend);
    await store.set('a', made(store, 'a', {}));
    backend.calls.length = 0;
    await Promise.all([store.get('a'), store.get('a'), store.get('a')]);
    // One after the other would be three calls.
    expect(backend.calls).toEqual(['read 1', 'read 1']);
  });

  it('go on when one of them is given up while it waits', async () => {
    const backend = new LossyBackend();
    const store = new SessionStore(backend, { operationTimeout: 80 });
    await store.set('a', made(store, 'a', { n: 1 }));
    backend.fates.push('hang');
    const hanging = store.update('a', () => {});
    const waiting = store.destroy('a');
    await expect(hanging).rejects.toMatchObject({ code: 'TIMEOUT' });
    await waiting.catch(() => {});
    await store.destroy('a');
    expect(backend.rows.size).toBe(0);
  });
});

describe('an operation that is over before its turn', () => {
  it('leaves its place to those behind it', async () => {
    const backend = new LossyBackend();
    const retry = { retries: 1000, minTimeout: 5, maxTimeout: 20, attemptTimeout: 50 };
    const store = new SessionStore(backend, { operationTimeout: 800, retry });
    await store.set('a', made(store, 'a', { n: 1 }));
    backend.fate = (primitive) => (primitive === 'remove' ? 'lose request' : 'deliver');
    await expect(store.destroy('a')).rejects.toMatchObject({ code: expect.any(String) });
    // Holds the lane for its 800 ms, while the background, which comes after 250 to 500, waits for 50 at the most.
    await expect(store.set('a', made(store, 'a', { n: 2 }))).rejects.toMatchObject({
      code: expect.any(String),
    });
    backend.fate = () => 'deliver';
    await store.set('a', made(store, 'a', { n: 3 }));
    expect(await sessionOf(store, 'a')).toEqual({ n: 3 });
  });
});

describe('operations on different ids', () => {
  it('do not wait for each other', async () => {
    const backend = new LossyBackend();
    const store = new SessionStore(backend, { operationTimeout: 2000 });
    await store.set('a', made(store, 'a', {}));
    let release = (): void => {};
    let started = (): void => {};
    const running = new Promise<void>((resolve) => (started = resolve));
    const held = store.update('a', () => {
      started();
      return new Promise<void>((resolve) => (release = resolve));
    });
    await running;
    await store.set('b', made(store, 'b', { n: 1 }));
    expect(await sessionOf(store, 'b')).toEqual({ n: 1 });
    release();
    await held;
  });
});

describe('clear', () => {
  it('waits for what was called before it, and what is called after it waits', async () => {
    const store = new SessionStore(new LossyBackend(), { operationTimeout: 2000 });
    await store.set('a', made(store, 'a', {}));
    const order: string[] = [];
    let release = (): void => {};
    let started = (): void => {};
    const running = new Promise<void>((resolve) => (started = resolve));
    const held = store
      .update('a', () => {
        started();
        return new Promise<void>((resolve) => (release = resolve));
      })
      .then(() => order.push('update'));
    const cleared = store.clear().then(() => order.push('clear'));
    const set = store.set('b', made(store, 'b', {})).then(() => order.push('set'));
    await running;
    expect(order).toEqual([]);
    release();
    await Promise.all([held, cleared, set]);
    expect(order).toEqual(['update', 'clear', 'set']);
    expect(await store.ids()).toEqual(['b']);
  });
});
