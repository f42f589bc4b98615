import { SessionStore, SessionStoreError } from '@session-stores/core';
import { describe, expect, it } from 'vitest';
import { refuseUnhandledRejections } from '../../../test-harness/src/own-tests/unhandled-rejections.js';
import { LossyBackend } from './lossy-backend.js';
import { made } from './requests.js';

/** Every method that takes a callback, as `call(callback)`. */
function methodsOf(store: SessionStore): Record<string, (callback?: never) => Promise<unknown>> {
  const session = made(store, 'a', {});
  return {
    get: (callback) => store.get('a', callback),
    set: (callback) => store.set('a', session, callback),
    touch: (callback) => store.touch('a', session, callback),
    destroy: (callback) => store.destroy('a', callback),
    destroyMany: (callback) => store.destroyMany(['a'], callback),
    update: (callback) => store.update('a', () => {}, callback),
    all: (callback) => store.all(callback),
    ids: (callback) => store.ids(callback),
    length: (callback) => store.length(callback),
    clear: (callback) => store.clear(callback),
  };
}

/** All that a callback is called with, once nothing more can come. */
async function callsOf(call: (callback?: never) => Promise<unknown>): Promise<unknown[][]> {
  const calls: unknown[][] = [];
  await new Promise<void>((resolve) => {
    const returned = call(((...values: unknown[]) => {
      calls.push(values);
      resolve();
    }) as never);
    expect(calls, 'synchronously').toEqual([]);
    returned.catch(() => {});
  });
  // A second call would come with the promise's answer or in a tick of its own: both are over after this turn.
  await new Promise((resolve) => setImmediate(resolve));
  return calls;
}

describe('every method', () => {
  refuseUnhandledRejections();

  it('calls back once, later, with null for no error', async () => {
    for (const [name, method] of Object.entries(methodsOf(new SessionStore(new LossyBackend())))) {
      const calls = await callsOf(method);
      expect(calls, name).toHaveLength(1);
      expect(calls[0]?.[0], name).toBeNull();
    }
  });

  it('calls back once, later, with an Error that has a code', async () => {
    const backend = new LossyBackend();
    const store = new SessionStore(backend);
    backend.fate = () => 'fail for good';
    backend.scan = () => {
      throw new Error('no scan');
    };
    // Of a session that was never saved there is nothing to touch, so nothing that could fail.
    const { touch: _, ...methods } = methodsOf(store);
    for (const [name, method] of Object.entries(methods)) {
      const calls = await callsOf(method);
      expect(calls, name).toHaveLength(1);
      expect(calls[0]?.[0], name).toBeInstanceOf(SessionStoreError);
      expect(calls[0]?.[0], name).toMatchObject({ code: 'BACKEND_FAILED' });
    }
  });

  it('needs no callback: a failure is an event and no unhandled rejection', async () => {
    const backend = new LossyBackend();
    const store = new SessionStore(backend);
    backend.fate = () => 'fail for good';
    const reported = new Promise((resolve) => store.once('storeError', resolve));
    store.destroy('a');
    expect(await reported).toMatchObject({ operation: 'destroy', error: { code: 'BACKEND_FAILED' } });
    const closing = new SessionStore(
      Object.assign(new LossyBackend(), { close: () => Promise.reject(new Error('stuck')) }),
    );
    const notClosed = new Promise((resolve) => closing.once('storeError', resolve));
    closing.close();
    expect(await notClosed).toMatchObject({ operation: 'close', error: { code: 'BACKEND_FAILED' } });
  });

  it('refuses a callback that is no function', async () => {
    const store = new SessionStore(new LossyBackend());
    await expect(store.get('a', 'callback' as never)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await expect(store.update('a', 'fn' as never)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await expect(store.get('a', null as never)).resolves.toBeUndefined();
  });

  it('fails with CLOSED once the store is closed', async () => {
    const store = new SessionStore(new LossyBackend());
    const methods = methodsOf(store);
    expect(await store.close()).toEqual({ unfinishedDeletions: [] });
    for (const [name, method] of Object.entries(methods)) {
      await expect(method(), name).rejects.toMatchObject({ code: 'CLOSED' });
    }
    expect(await store.close()).toEqual({ unfinishedDeletions: [] });
  });
});

describe('a callback that throws', () => {
  it.for(['deliver', 'fail for good'] as const)('is uncaught, and is not called again (%s)', async (fate) => {
    const backend = new LossyBackend();
    backend.fate = () => fate;
    const store = new SessionStore(backend);
    const others = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    try {
      let calls = 0;
      const uncaught = new Promise((resolve) => process.once('uncaughtException', resolve));
      store.get('a', () => {
        calls++;
        throw new Error('of the application');
      });
      expect(await uncaught).toMatchObject({ message: 'of the application' });
      await new Promise((resolve) => setImmediate(resolve));
      expect(calls).toBe(1);
    } finally {
      for (const listener of others) {
        process.on('uncaughtException', listener);
      }
    }
  });
});
