import { SessionStore, type SessionStoreOptions } from '@session-stores/core';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { insertOf, LossyBackend, Lost } from './lossy-backend.js';
import { sessionOf } from './requests.js';

const ids = (count: number): string[] => Array.from({ length: count }, (_, i) => `id ${i}`);
const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** A store over a storage that can go down, wholly or for changes, with what reaches the storage: the number of items of each call. */
function withStorage(options?: SessionStoreOptions, own: object = {}) {
  const backend = Object.assign(new LossyBackend(), own);
  const asked = { read: [] as number[], remove: [] as number[] };
  for (const name of ['read', 'remove'] as const) {
    const primitive = backend[name].bind(backend) as (items: readonly unknown[], ...rest: unknown[]) => never;
    Object.assign(backend, {
      [name]: (items: readonly unknown[], ...rest: unknown[]) => {
        asked[name].push(items.length);
        return primitive(items, ...rest);
      },
    });
  }
  const store = new SessionStore(backend, options);
  onTestFinished(async () => {
    backend.fate = () => 'deliver';
    await store.close();
  });
  const goDown = async (id = 'x', calls: 'reads' | 'changes' = 'reads') => {
    if (calls === 'changes') {
      backend.applyWrite(insertOf(id, { user: 'ann' }));
    }
    backend.fate = (primitive) => (primitive === 'read' && calls === 'changes' ? 'deliver' : 'lose request');
    let event: object | undefined;
    store.once('breakerOpened', (opened) => {
      event = opened;
    });
    // Five, and more where the time of one is up before it has failed.
    while (event === undefined) {
      await (calls === 'reads' ? store.get(id) : store.destroy(id)).catch(() => {});
    }
    asked.read.length = 0;
    asked.remove.length = 0;
    return event;
  };
  const comeBack = () => {
    backend.fate = () => 'deliver';
  };
  return { backend, store, asked, goDown, comeBack };
}

/** Probes that can begin in so many ms after the first failures: the shortest pauses are 50, 100, 200, 400 and then 500 ms. */
const probesIn = (milliseconds: number): number => 5 + Math.max(0, milliseconds - 750) / 500;

describe('a storage that is down', () => {
  it('is told of, with the driver’s error, and so is its return', async () => {
    const { store, goDown, comeBack } = withStorage();
    expect(await goDown()).toEqual({
      route: '',
      calls: 'reads',
      failures: 5,
      error: expect.objectContaining({ code: 'BACKEND_UNAVAILABLE', cause: expect.any(Lost) }),
    });
    comeBack();
    const closed = new Promise((resolve) => store.once('breakerClosed', resolve));
    expect(await store.get('a')).toBeUndefined();
    expect(await closed).toEqual({ route: '', calls: 'reads', milliseconds: expect.any(Number) });
  });

  it('is asked by one call at a time for one session, however many wait and are tried again', async () => {
    const { backend, store, asked, comeBack } = withStorage({ retry: { minTimeout: 10 } });
    for (const id of ids(500)) {
      backend.applyWrite(insertOf(id, { id }));
      backend.applyWrite(insertOf(`other ${id}`, { id }));
    }
    await goDownRetrying(store, backend);
    const before = { read: asked.read.length, remove: asked.remove.length };
    const start = performance.now();
    const calls = ids(500).flatMap((id) => [store.get(id), store.destroy(`other ${id}`)]);
    const answers = Promise.all(calls);
    const probes = (name: 'read' | 'remove') => asked[name].slice(before[name]);
    const isAsked = () => Math.min(probes('read').length, probes('remove').length) >= 2;
    await pause(1500);
    await vi.waitFor(() => expect(isAsked()).toBe(true), { timeout: 10_000 });
    for (const name of ['read', 'remove'] as const) {
      expect(probes(name).length).toBeLessThanOrEqual(probesIn(performance.now() - start));
      expect(new Set(probes(name))).toEqual(new Set([1]));
    }
    comeBack();
    expect(await answers).toHaveLength(1000);
    expect(await sessionOf(store, 'id 7')).toEqual({ id: 'id 7' });
  });

  it('fails the calls of a store that does not retry with the next probe, and does not make them wait for long', async () => {
    const { store, asked, goDown } = withStorage();
    await goDown();
    const results = await Promise.allSettled(ids(100).map((id) => store.get(id)));
    expect(asked.read).toEqual([1]);
    for (const result of results) {
      expect(result).toMatchObject({
        reason: { code: 'BACKEND_UNAVAILABLE', cause: expect.any(Lost) },
      });
    }
  });

  it('is not asked by every sweep and every given-up destroy', async () => {
    let prunes = 0;
    const prune = async () => {
      prunes++;
      throw new Lost('the request was lost');
    };
    const { store, asked, goDown } = withStorage({ sweepInterval: 5, retry: { retries: 0 } }, { prune });
    await goDown('x', 'changes');
    await Promise.allSettled(ids(300).map((id) => store.destroy(id)));
    prunes = 0;
    asked.remove.length = 0;
    const start = performance.now();
    await pause(1500);
    expect(prunes + asked.remove.length).toBeLessThanOrEqual(probesIn(performance.now() - start));
    expect(Math.max(1, ...asked.remove)).toBe(1);
    expect(prunes).toBeGreaterThan(0);
  });

  it('can be found working by a listing, but one that takes long is no sign that it is down', async () => {
    const { backend, store, goDown, comeBack } = withStorage({ operationTimeout: 300 });
    const opened = vi.fn();
    const scan = backend.scan.bind(backend);
    backend.scan = async function* () {
      await new Promise(() => {});
    };
    store.on('breakerOpened', opened);
    const lengths = await Promise.allSettled(Array.from({ length: 10 }, () => store.length()));
    expect(lengths.every(({ status }) => status === 'rejected')).toBe(true);
    expect(opened).not.toHaveBeenCalled();
    await goDown();
    backend.scan = scan;
    comeBack();
    const closed = new Promise((resolve) => store.once('breakerClosed', resolve));
    expect(await store.length()).toBe(0);
    await closed;
  });

  it('is not cleared when the clear has been given up', async () => {
    const clear = vi.fn(async () => {});
    const { backend, store, goDown, comeBack } = withStorage({ operationTimeout: 20 }, { clear });
    backend.applyWrite(insertOf('a', { user: 'ann' }));
    await goDown('x', 'changes');
    await expect(store.clear()).rejects.toMatchObject({ code: 'TIMEOUT' });
    comeBack();
    await expect.poll(() => store.get('a').catch(() => undefined)).toBeDefined();
    expect(clear).not.toHaveBeenCalled();
  });

  it('is not waited for by a sweep when the store is closed, which is no failure to tell of', async () => {
    let prunes = 0;
    const prune = async () => {
      prunes++;
      return 0;
    };
    const { backend, store, goDown } = withStorage({ sweepInterval: 300, operationTimeout: 1000 }, { prune });
    await goDown('x', 'changes');
    // The probe of a call, which is not answered, while the sweep waits.
    backend.fate = (primitive) => (primitive === 'read' ? 'deliver' : 'hang');
    const probe = store.destroy('x');
    await pause(500);
    const failed = vi.fn();
    store.on('storeError', ({ operation }) => failed(operation));
    await Promise.all([expect(probe).rejects.toThrow(), store.close()]);
    expect(prunes).toBe(0);
    expect(failed.mock.calls).toEqual([['destroy']]);
  });

  it('for changes only, as by a full disk or a locked row, is read as ever', async () => {
    const { backend, store, goDown } = withStorage();
    expect(await goDown('a', 'changes')).toMatchObject({ calls: 'changes', failures: 5 });
    const opened = vi.fn();
    store.on('breakerOpened', opened);
    backend.fate = (primitive) => (primitive === 'read' ? 'deliver' : 'lose request');
    for (let probes = 0; probes < 3; probes++) {
      const refused = store.destroy('a').catch(({ code }) => code);
      expect(await sessionOf(store, 'a')).toEqual({ user: 'ann' });
      expect(await refused).toBe('BACKEND_UNAVAILABLE');
      expect(await sessionOf(store, 'a')).toEqual({ user: 'ann' });
    }
    // The reads that were answered say nothing of changes.
    expect(opened).not.toHaveBeenCalled();
  });

  it('holds up no calls on other routes', async () => {
    const { store, backend, asked, goDown } = withStorage({}, { routeOf: (id: string) => id.slice(0, 1) });
    expect(await goDown('a1')).toMatchObject({ route: 'a' });
    const refused = store.get('a2');
    backend.fate = () => 'deliver';
    await Promise.all(['b1', 'b2', 'b3'].map((id) => store.get(id)));
    // The probe waits for its pause.
    expect(asked.read).toEqual([1, 2]);
    expect(await refused).toBeUndefined();
  });

  it('that answers with an error that is not transient is there', async () => {
    const { store, backend, goDown } = withStorage();
    await goDown();
    backend.fate = () => 'fail for good';
    const closed = new Promise((resolve) => store.once('breakerClosed', resolve));
    await expect(store.get('a')).rejects.toMatchObject({ code: 'BACKEND_FAILED' });
    await closed;
  });

  it('is one that refuses each item for now, as one does that is still loading', async () => {
    const { store, backend } = withStorage();
    backend.read = async (wanted) => wanted.map(() => ({ status: 'error', error: new Lost('loading') }));
    const again = new SessionStore(backend);
    const opened = vi.fn();
    again.on('breakerOpened', opened);
    for (let i = 0; i < 5; i++) {
      await again.get('a').catch(() => {});
    }
    expect(opened).toHaveBeenCalledTimes(1);
    await again.close();
    await store.close();
  });
});

/** Opens the breakers of a store whose calls do not return before it is back: first for changes, because a destroy reads. */
async function goDownRetrying(store: SessionStore, backend: LossyBackend): Promise<void> {
  const opened = () => new Promise((resolve) => store.once('breakerOpened', resolve));
  const changes = opened();
  backend.applyWrite(insertOf('x', { user: 'ann' }));
  backend.fate = (primitive) => (primitive === 'read' ? 'deliver' : 'lose request');
  store.destroy('x');
  await changes;
  const reads = opened();
  backend.fate = () => 'lose request';
  store.get('y');
  await reads;
}
