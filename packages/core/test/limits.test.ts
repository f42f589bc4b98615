import { SessionStore } from '@session-stores/core';
import { describe, expect, it } from 'vitest';
import { insertOf, LossyBackend } from './lossy-backend.js';
import { loaded, made, sessionOf } from './requests.js';

/** What a busy machine may be late by; far below the next higher limit of each test. */
const slack = 150;

async function timed<T>(promise: Promise<T>): Promise<{ ms: number; result: PromiseSettledResult<T> }> {
  const start = performance.now();
  const [result] = await Promise.allSettled([promise]);
  return { ms: performance.now() - start, result };
}

describe('a storage that never answers', () => {
  it('is a TIMEOUT of each operation within its limit, and the next call goes through', async () => {
    const backend = new LossyBackend();
    const store = new SessionStore(backend, { operationTimeout: 100 });
    await store.set('a', made(store, 'a', { n: 1 }));
    const session = await loaded(store, 'a');
    const operations: Record<string, () => Promise<unknown>> = {
      get: () => store.get('a'),
      set: () => store.set('a', Object.assign(session, { n: Math.random() })),
      touch: () => store.touch('a', session),
      update: () => store.update('a', (s) => void Object.assign(s, { n: Math.random() })),
      destroy: () => store.destroy('b'),
    };
    for (const [name, operation] of Object.entries(operations)) {
      backend.fates.push('hang');
      const { ms, result } = await timed(operation());
      expect(result, name).toMatchObject({ status: 'rejected', reason: { code: 'TIMEOUT' } });
      expect(ms, name).toBeLessThan(100 + slack);
      expect(backend.fates, name).toEqual([]);
      expect(await store.get('a'), name).toBeDefined();
    }
    backend.scan = async function* () {
      await new Promise(() => {});
    };
    for (const operation of [
      () => store.all(),
      () => store.ids(),
      () => store.length(),
      () => store.clear(),
    ]) {
      const { ms, result } = await timed<unknown>(operation());
      expect(result).toMatchObject({ status: 'rejected', reason: { code: 'TIMEOUT' } });
      expect(ms).toBeLessThan(100 + slack);
    }
    expect(await store.get('a')).toBeDefined();
  });

  it('is not waited for longer than attemptTimeout by those who can try again', async () => {
    const backend = new LossyBackend();
    const store = new SessionStore(backend, {
      operationTimeout: 10_000,
      retry: { minTimeout: 1, attemptTimeout: 50 },
    });
    backend.applyWrite(insertOf('a', { n: 1 }));
    backend.fates.push('hang', 'hang');
    const { ms, result } = await timed(store.get('a'));
    expect(result.status).toBe('fulfilled');
    expect(ms).toBeLessThan(2 * 50 + 2 * slack);
  });

  it('is tried again until the operation is over, and not beyond', async () => {
    const backend = new LossyBackend();
    backend.fate = () => 'lose request';
    const retry = { retries: 1000, minTimeout: 40, maxTimeout: 1000, attemptTimeout: 50 };
    const store = new SessionStore(backend, { operationTimeout: 200, retry });
    const { ms, result } = await timed(store.get('a'));
    expect(result).toMatchObject({
      status: 'rejected',
      reason: { code: expect.stringMatching(/^(TIMEOUT|BACKEND_UNAVAILABLE)$/) },
    });
    expect(ms).toBeGreaterThan(100);
    expect(ms).toBeLessThan(200 + slack);
  });

  it('does not stop the operations on other sessions whose batch it is not in', async () => {
    const backend = new LossyBackend();
    const store = new SessionStore(backend, { operationTimeout: 300 });
    backend.fates.push('hang');
    const hanging = store.get('a');
    await store.set('b', made(store, 'b', { n: 1 }));
    await expect(hanging).rejects.toMatchObject({ code: 'TIMEOUT' });
    expect(await sessionOf(store, 'b')).toEqual({ n: 1 });
  });

  it('is told by the signal that its time is up', async () => {
    const backend = new LossyBackend();
    let signal: AbortSignal | undefined;
    backend.read = (_ids, context) => {
      signal = context.signal;
      return new Promise(() => {});
    };
    const store = new SessionStore(backend, { operationTimeout: 50 });
    await expect(store.get('a')).rejects.toMatchObject({ code: 'TIMEOUT' });
    // At once: who tries again after the answer must not be sent on the same dead connection.
    expect(signal?.aborted).toBe(true);
    expect(signal?.reason).toMatchObject({ code: 'TIMEOUT' });
  });

  it('still has its signal when it spreads the context', async () => {
    const backend = new LossyBackend();
    const read = backend.read.bind(backend);
    const spread: (AbortSignal | undefined)[] = [];
    backend.read = (ids, context) => {
      spread.push({ ...context }.signal);
      return read(ids, context);
    };
    await new SessionStore(backend).get('a');
    expect(spread).toEqual([expect.any(AbortSignal)]);
  });

  it('while one by one goes out what failed together, holds nobody up once for every item', async () => {
    const backend = new LossyBackend();
    const store = new SessionStore(backend, {
      operationTimeout: 5000,
      retry: { retries: 0, attemptTimeout: 100 },
    });
    backend.fates.push('deliver', 'fail for good');
    backend.fate = () => 'hang';
    const { ms } = await timed(
      Promise.allSettled(
        ['lone', ...Array.from({ length: 20 }, (_, i) => `${i}`)].map((id) => store.get(id)),
      ),
    );
    expect(ms).toBeLessThan(100 + 2 * slack);
  });

  it('when it is opened, is asked again by the next call', async () => {
    let times = 0;
    const backend = Object.assign(new LossyBackend(), {
      open: () =>
        ++times === 1
          ? new Promise<void>(() => {})
          : times === 2
            ? Promise.reject(new Error('no'))
            : Promise.resolve(),
    });
    const store = new SessionStore(backend, { operationTimeout: 60 });
    await expect(store.get('a')).rejects.toMatchObject({ code: 'TIMEOUT' });
    await expect.poll(() => store.get('a').catch(({ code }) => code)).toBe('BACKEND_FAILED');
    await store.get('a');
    await store.get('a');
    expect(times).toBe(3);
  });
});

describe('what waits behind a call that never ends', () => {
  it('does not go out once its operation is over', async () => {
    const backend = new LossyBackend();
    const store = new SessionStore(backend, { operationTimeout: 200 });
    backend.applyWrite(insertOf('a', { n: 1 }));
    let change = (): void => {};
    const given = new Promise<void>((resolve) => {
      change = resolve;
    });
    const first = store.update('a', async (session) => {
      await given;
      Object.assign(session, { n: 2 });
    });
    // Later than the first, so that it is still on the wire when the first is over.
    await new Promise((resolve) => setTimeout(resolve, 50));
    backend.fate = (primitive) => (primitive === 'write' ? 'hang' : 'deliver');
    const second = store.set('b', made(store, 'b', {}));
    change();
    await expect(first).rejects.toMatchObject({ code: 'TIMEOUT' });
    backend.fate = () => 'deliver';
    await expect(second).rejects.toMatchObject({ code: 'TIMEOUT' });
    await store.set('c', made(store, 'c', {}));
    expect(await sessionOf(store, 'a')).toEqual({ n: 1 });
  });
});

describe('a function of the application that never ends', () => {
  it('is a TIMEOUT, and holds up nobody after that', async () => {
    const backend = new LossyBackend();
    const store = new SessionStore(backend, { operationTimeout: 60 });
    backend.applyWrite(insertOf('a', { n: 1 }));
    await expect(store.update('a', () => new Promise(() => {}))).rejects.toMatchObject({ code: 'TIMEOUT' });
    expect(await sessionOf(store, 'a')).toEqual({ n: 1 });
  });
});
