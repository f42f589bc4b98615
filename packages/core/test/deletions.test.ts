import { recordName, type SessionRecord, SessionStore } from '@session-stores/core';
import { describe, expect, it } from 'vitest';
import { insertOf, LossyBackend, Lost } from './lossy-backend.js';
import { loaded, made, sessionOf } from './requests.js';

const once = { retry: { retries: 0 }, operationTimeout: 5_000 };

/** A store whose destroy of `a` was given up; the storage takes no removals until told. */
async function givenUp(operationTimeout = once.operationTimeout) {
  const backend = new LossyBackend();
  const store = new SessionStore(backend, { ...once, operationTimeout });
  const mine = made(store, 'a', { user: 'ann' });
  await store.set('a', mine);
  const slow = await loaded(store, 'a');
  backend.fate = (primitive) => (primitive === 'remove' ? 'lose request' : 'deliver');
  await expect(store.destroy('a')).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' });
  const heal = (): void => {
    backend.fate = () => 'deliver';
  };
  return { backend, store, slow, heal };
}

describe('a destroy that was given up', () => {
  it('hides the session from every way of reading, and refuses its saves and touches', async () => {
    const { backend, store, slow } = await givenUp();
    await store.set('b', made(store, 'b', {}));
    expect(await store.get('a')).toBeUndefined();
    expect((await store.all()).map(({ id }) => id)).toEqual(['b']);
    expect(await store.ids()).toEqual(['b']);
    expect(await store.length()).toBe(1);
    const counting = Object.assign(backend, { count: () => Promise.resolve(backend.rows.size) });
    expect(await store.length()).toBe(1);
    expect(await counting.count()).toBe(2);
    expect(await store.update('a', () => expect.unreachable())).toBeUndefined();
    const dropped: string[] = [];
    store.on('dropped', ({ operation }) => dropped.push(operation));
    const data = backend.rows.get('a');
    await store.touch('a', slow);
    await store.set('a', Object.assign(slow, { late: true }));
    expect(dropped).toEqual(['touch', 'set']);
    expect(backend.rows.get('a')).toBe(data);
  });

  it('is tried again until it is done, and then takes no session of another birth with it', async () => {
    const { backend, store, heal } = await givenUp();
    let tries = 0;
    backend.fate = (primitive) => {
      tries += primitive === 'remove' ? 1 : 0;
      return primitive === 'remove' ? 'lose request' : 'deliver';
    };
    await expect.poll(() => tries, { timeout: 5000 }).toBeGreaterThan(1);
    backend.rows.delete('a');
    backend.applyWrite(insertOf('a', { user: 'bob' }));
    const completed = new Promise((resolve) => store.once('destroyed', resolve));
    heal();
    await completed;
    expect(await sessionOf(store, 'a')).toEqual({ user: 'bob' });
  });

  it('is completed by a second try of the application', async () => {
    const { backend, store, heal } = await givenUp();
    heal();
    await store.destroy('a');
    expect(backend.rows.size).toBe(0);
    expect(await store.close()).toEqual({ unfinishedDeletions: [] });
  });

  it('does not hide the session of another birth that another process has put there', async () => {
    const { backend, store } = await givenUp();
    backend.rows.delete('a');
    backend.applyWrite({ ...insertOf('a', { user: 'bob' }), birth: 'another-birth-00' });
    expect(await sessionOf(store, 'a')).toEqual({ user: 'bob' });
  });

  it('hides and removes the session whose birth a foreign store has taken away, and another process given anew', async () => {
    const { backend, store, heal } = await givenUp();
    const { birth, ...row } = backend.rows.get('a') as SessionRecord;
    backend.rows.set('a', { ...row, birth: undefined });
    expect(await store.get('a')).toBeUndefined();
    const other = new SessionStore(backend);
    await other.set('a', Object.assign(await loaded(other, 'a'), { n: 1 }));
    expect(backend.rows.get('a')?.birth).not.toBe(birth);
    expect(await store.get('a')).toBeUndefined();
    const completed = new Promise((resolve) => store.once('destroyed', resolve));
    heal();
    await completed;
    expect(backend.rows.size).toBe(0);
  });

  it('hides and removes the session that had the id when it was called, where another was remembered', async () => {
    const backend = new LossyBackend();
    const store = new SessionStore(backend, once);
    await store.set('a', made(store, 'a', { user: 'ann' }));
    const other = new SessionStore(backend);
    await other.destroy('a');
    await other.set('a', made(other, 'a', { user: 'ann again' }));
    const moment = Date.now();
    await expect.poll(() => Date.now()).toBeGreaterThan(moment);
    backend.fates.push('lose request');
    await expect(store.destroy('a')).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' });
    const completed = new Promise((resolve) => store.once('destroyed', resolve));
    expect(await store.get('a')).toBeUndefined();
    await completed;
    expect(backend.rows.size).toBe(0);
  });

  it('hides the whole id where it could not even be read what is there', async () => {
    const backend = new LossyBackend();
    const store = new SessionStore(backend, once);
    backend.applyWrite(insertOf('a', { user: 'ann' }));
    backend.fate = () => 'lose request';
    await expect(store.destroy('a')).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' });
    backend.fate = (primitive) => (primitive === 'remove' ? 'lose request' : 'deliver');
    expect(await store.get('a')).toBeUndefined();
    expect(backend.calls.filter((call) => call.startsWith('read'))).toEqual([]);
  });

  it('of a session that was never saved drops its save', async () => {
    const backend = Object.assign(new LossyBackend(), { settlesAtOnce: true });
    const store = new SessionStore(backend, once);
    const session = made(store, 'a', { user: 'ann' });
    backend.fates.push('lose request');
    await expect(store.destroy('a')).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' });
    await store.set('a', session);
    expect(await store.get('a')).toBeUndefined();
    await store.set('a', made(store, 'a', { user: 'bob' }));
    expect(await sessionOf(store, 'a')).toEqual({ user: 'bob' });
  });

  it('is completed before its id is given to a new session, and fails that if it cannot be', async () => {
    const { backend, store, heal } = await givenUp();
    const next = made(store, 'a', { user: 'bob' });
    await expect(store.set('a', next)).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' });
    await expect(store.set('a', { cookie: {}, user: 'bob' } as never)).rejects.toMatchObject({
      code: 'BACKEND_UNAVAILABLE',
    });
    expect(backend.rows.get('a')?.data).toContain('ann');
    heal();
    await store.set('a', next);
    expect(await sessionOf(store, 'a')).toEqual({ user: 'bob' });
  });

  it('is gone on with after a clear, so that a first save which arrives late finds a grave', async () => {
    const backend = new LossyBackend();
    const store = new SessionStore(backend, {
      operationTimeout: 400,
      retry: { attemptTimeout: 200, retries: 0 },
    });
    backend.fate = (primitive) => (primitive === 'write' ? 'arrive late' : 'lose request');
    await expect(store.set('a', made(store, 'a', { user: 'ann' }))).rejects.toThrow();
    await expect(store.destroy('a')).rejects.toThrow();
    const destroyed = new Promise((resolve) => store.once('destroyed', resolve));
    backend.fate = () => 'deliver';
    await store.clear();
    await destroyed;
    backend.deliverLate();
    expect(await store.get('a')).toBeUndefined();
    expect(await store.close()).toEqual({ unfinishedDeletions: [] });
  });

  it('is forgotten by a clear where it is not known which session it was', async () => {
    const backend = new LossyBackend();
    backend.applyWrite(insertOf('a', { user: 'ann' }));
    const store = new SessionStore(backend, once);
    backend.fate = () => 'lose request';
    await expect(store.destroy('a')).rejects.toThrow();
    backend.fate = () => 'deliver';
    await store.clear();
    backend.applyWrite(insertOf('a', { user: 'bob' }));
    expect(await store.get('a')).toBeDefined();
    backend.fate = (primitive) => (primitive === 'remove' ? 'lose request' : 'deliver');
    expect(await store.close()).toEqual({ unfinishedDeletions: [] });
  });

  it('does not wait for hundreds of others, on a part of the storage that is still away', async () => {
    const backend = new LossyBackend();
    const away = new Set(['one', 'two']);
    const partOf = (id: string) => (id.startsWith('dead') ? 'one' : 'two');
    const remove = backend.remove.bind(backend);
    const parted = Object.assign(backend, {
      routeOf: partOf,
      remove: (...[removals, context]: Parameters<typeof remove>) =>
        away.has(partOf(removals[0]?.id ?? ''))
          ? Promise.reject(new Lost('the request was lost'))
          : remove(removals, context),
    });
    const store = new SessionStore(parted, { retry: { retries: 0, attemptTimeout: 100 } });
    const ids = [...Array.from({ length: 300 }, (_, i) => `dead ${i}`), 'alive'];
    await Promise.all(ids.map((id) => store.set(id, made(store, id, {}))));
    await Promise.allSettled(ids.slice(0, -1).map((id) => store.destroy(id)));
    await expect(store.destroy('alive')).rejects.toThrow();
    away.delete('two');
    await expect.poll(() => backend.rows.has('alive'), { timeout: 15_000 }).toBe(false);
    expect(backend.rows.size).toBe(300);
    away.clear();
    await store.close();
  }, 30_000);

  it('is gone on with by close, which names what it left', async () => {
    const first = await givenUp();
    first.heal();
    expect(await first.store.close()).toEqual({ unfinishedDeletions: [] });
    expect(first.backend.rows.size).toBe(0);
    const limit = 1_000;
    const second = await givenUp(limit);
    const start = performance.now();
    expect(await second.store.close()).toEqual({ unfinishedDeletions: [recordName('a')] });
    expect(performance.now() - start).toBeLessThan(limit + 1_000);
  });

  it('is not remembered by a store that does not retry', async () => {
    const backend = new LossyBackend();
    const store = new SessionStore(backend);
    await store.set('a', made(store, 'a', {}));
    backend.fate = (primitive) => (primitive === 'remove' ? 'lose request' : 'deliver');
    await expect(store.destroy('a')).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' });
    expect(await store.get('a')).toBeDefined();
    expect(await store.close()).toEqual({ unfinishedDeletions: [] });
  });
});

describe('more given-up destroys than can be remembered', () => {
  it('make the store show no session at all, until there are fewer', async () => {
    const backend = new LossyBackend();
    const store = new SessionStore(backend, { ...once, operationTimeout: 20_000 });
    await store.set('a', made(store, 'a', {}));
    await store.set('b', made(store, 'b', {}));
    const ids = Array.from({ length: 10_000 }, (_, i) => `${i}`);
    // Were they not there, the attempts in the background would find nothing left to do.
    for (const id of ids) {
      backend.applyWrite(insertOf(id, {}));
    }
    backend.fate = () => 'lose request';
    const destroyed = await Promise.allSettled(ids.map((id) => store.destroy(id)));
    expect(destroyed.every(({ status }) => status === 'rejected')).toBe(true);
    await expect(store.destroy('a')).rejects.toMatchObject({ code: 'DELETIONS_FULL' });
    backend.fate = (primitive) => (primitive === 'remove' ? 'lose request' : 'deliver');
    await expect(store.get('a')).rejects.toMatchObject({ code: 'DELETIONS_FULL' });
    await expect(store.get('b')).rejects.toMatchObject({ code: 'DELETIONS_FULL' });
    // Its reads are answered again from the next probe on.
    await expect.poll(() => store.all().catch(({ code }) => code)).toBe('DELETIONS_FULL');
    await expect(store.length()).rejects.toMatchObject({ code: 'DELETIONS_FULL' });
    backend.fate = () => 'deliver';
    await store.destroy('a');
    await store.destroy('7');
    expect(await store.get('b')).toBeDefined();
    await store.close();
  });
});
