import { SessionStore } from '@session-stores/core';
import { describe, expect, it } from 'vitest';
import { insertOf, LossyBackend } from './lossy-backend.js';
import { made } from './requests.js';

const ids = (count: number): string[] => Array.from({ length: count }, (_, i) => `id ${i}`);

describe('calls', () => {
  it('that find nothing on the wire go out at once; others gather and go out together', async () => {
    const backend = new LossyBackend();
    const store = new SessionStore(backend);
    await Promise.all(ids(5).map((id) => store.get(id)));
    expect(backend.calls).toEqual(['read 1', 'read 4']);
    backend.calls.length = 0;
    await Promise.all(ids(5).map((id) => store.set(id, made(store, id, {}))));
    expect(backend.calls).toEqual(['write 1', 'write 4']);
  });

  it('go out 512 together at the most', async () => {
    const backend = new LossyBackend();
    const store = new SessionStore(backend);
    await Promise.all(ids(1 + 512 + 100).map((id) => store.get(id)));
    expect(backend.calls).toEqual(['read 1', 'read 512', 'read 100']);
  });

  it('of one id share a read that has not gone out, and each gets a session of its own', async () => {
    const backend = new LossyBackend();
    const store = new SessionStore(backend);
    backend.applyWrite(insertOf('a', { list: [1] }));
    const [, one, two] = await Promise.all([store.get('x'), store.get('a'), store.get('a')]);
    expect(backend.calls).toEqual(['read 1', 'read 1']);
    expect(one).toEqual(two);
    expect(one).not.toBe(two);
    expect(one?.cookie).not.toBe(two?.cookie);
    (one as unknown as { list: number[] }).list.push(2);
    expect(two).toMatchObject({ list: [1] });
  });

  it('that come again together, after they were answered together, go out together again', async () => {
    const backend = new LossyBackend();
    const store = new SessionStore(backend);
    const waiting = ids(640).values();
    const work = async (): Promise<void> => {
      for (const id of waiting) {
        await store.get(id);
      }
    };
    await Promise.all(Array.from({ length: 64 }, work));
    expect(backend.calls.slice(0, 3)).toEqual(['read 1', 'read 63', 'read 64']);
    // Not twice as many, every other one with a single item.
    expect(backend.calls.length).toBeLessThanOrEqual(12);
  });

  it('that begin after a destroy was acknowledged do not share the read that is still on the wire', async () => {
    const backend = new LossyBackend();
    const store = new SessionStore(backend, { operationTimeout: 100 });
    await store.set('a', made(store, 'a', {}));
    const other = new SessionStore(backend);
    const older = store.get('a');
    await other.destroy('a');
    expect(await store.get('a')).toBeUndefined();
    await older;
  });

  it('do not fail with the item that failed', async () => {
    const backend = new LossyBackend();
    const store = new SessionStore(backend);
    for (const id of ids(4)) {
      backend.applyWrite(insertOf(id, {}));
    }
    backend.failingIds.add('id 2');
    const results = await Promise.allSettled(ids(4).map((id) => store.get(id)));
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
    expect(results[2]).toMatchObject({
      reason: { code: 'BACKEND_FAILED', cause: { message: 'not this one' } },
    });
  });

  it('that fail for good together are repeated one by one', async () => {
    const backend = new LossyBackend();
    for (const id of ids(4)) {
      backend.applyWrite(insertOf(id, {}));
    }
    const read = backend.read.bind(backend);
    backend.read = (wanted, context) =>
      wanted.includes('id 2') ? Promise.reject(new Error('a NUL in it')) : read(wanted, context);
    const store = new SessionStore(backend);
    const results = await Promise.allSettled(ids(4).map((id) => store.get(id)));
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
    expect(backend.calls).toEqual(['read 1', 'read 1', 'read 1']);
  });

  it('that fail for a while together are not', async () => {
    const backend = new LossyBackend();
    const store = new SessionStore(backend);
    backend.fates.push('deliver', 'lose request');
    const results = await Promise.allSettled(ids(4).map((id) => store.get(id)));
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'rejected']);
    expect(backend.calls).toEqual(['read 1']);
  });

  it('of different routes never travel together, and none waits for another', async () => {
    const backend = Object.assign(new LossyBackend(), { routeOf: (id: string) => id.slice(0, 1) });
    const store = new SessionStore(backend, { operationTimeout: 200 });
    backend.fates.push('hang');
    const silent = [store.get('a1'), store.get('a2')];
    const results = Promise.allSettled(silent);
    await Promise.all([store.get('b1'), store.get('b2'), store.get('b3'), store.get('c1')]);
    expect(backend.calls).toEqual(['read 1', 'read 1', 'read 2']);
    // The second may have a moment left when the first has given the wire up.
    backend.fates.push('hang');
    expect((await results).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    backend.fates.length = 0;
    expect(await store.get('a1')).toBeUndefined();
  });

  it('fail when the backend answers with too few or nothing: a missing answer is not "no session"', async () => {
    for (const answers of [[], undefined, 5]) {
      const backend = Object.assign(new LossyBackend(), { read: () => Promise.resolve(answers as never) });
      const store = new SessionStore(backend);
      await expect(store.get('a')).rejects.toMatchObject({ code: 'BACKEND_FAILED' });
    }
  });
});
