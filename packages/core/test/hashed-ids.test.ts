import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { recordName, SessionStore, type SessionStoreOptions } from '@session-stores/core';
import { describe, expect, it } from 'vitest';
import { insertOf, LossyBackend, Lost } from './lossy-backend.js';
import { loaded, made, sessionOf } from './requests.js';

const hashIds = randomBytes(32);
const id = 'id-of-a-browser-3f1c9a77';

function hashing(options: SessionStoreOptions = {}) {
  const backend = new LossyBackend();
  const store = new SessionStore(backend, { hashIds, ...options });
  return { backend, store };
}

describe('hashed ids', () => {
  it('are all that the storage knows, and lead to the session as ever', async () => {
    const { backend, store } = hashing();
    await store.set(id, made(store, id, { user: 'ann' }));
    const request = await loaded(store, id);
    await store.set(id, Object.assign(request, { cart: 1 }));
    await store.touch(id, request);
    await store.update(id, (session) => void Object.assign(session, { more: 2 }));
    expect(await sessionOf(store, id)).toEqual({ user: 'ann', cart: 1, more: 2 });
    expect([...backend.rows.keys()]).toEqual([store.storedId(id)]);
    expect(inspect(backend, { depth: 9 })).not.toContain(id);
    await store.destroy(id);
    expect(backend.rows.size).toBe(0);
    expect([...backend.graves.keys()]).toEqual([store.storedId(id)]);
  });

  it('keep a logout final and parallel changes both', async () => {
    const { store } = hashing();
    await store.set(id, made(store, id, { n: 0 }));
    const [one, other, late] = await Promise.all([loaded(store, id), loaded(store, id), loaded(store, id)]);
    await Promise.all([
      store.set(id, Object.assign(one, { a: 1 })),
      store.set(id, Object.assign(other, { b: 2 })),
    ]);
    expect(await sessionOf(store, id)).toEqual({ n: 0, a: 1, b: 2 });
    await store.destroy(id);
    await store.set(id, Object.assign(late, { c: 3 }));
    expect(await store.get(id)).toBeUndefined();
  });

  it('know the session that a request began with', async () => {
    const { store } = hashing();
    const begun = made(store, id, { n: 0 });
    await store.set(id, begun);
    await store.destroy(id);
    await store.set(id, Object.assign(begun, { n: 1 }));
    expect(await store.get(id)).toBeUndefined();
  });

  it('are keyed: another key finds nothing', async () => {
    const { backend, store } = hashing();
    await store.set(id, made(store, id, {}));
    expect(await new SessionStore(backend, { hashIds: randomBytes(32) }).get(id)).toBeUndefined();
    expect(await new SessionStore(backend).get(id)).toBeUndefined();
    expect(await new SessionStore(backend, { hashIds }).get(id)).toBeDefined();
  });

  it('are what events and errors name sessions by', async () => {
    const { backend, store } = hashing({ retry: { retries: 1, minTimeout: 1 }, onConflict: 'reject' });
    const told: unknown[] = [];
    for (const name of [
      'created',
      'loaded',
      'saved',
      'retry',
      'gaveUp',
      'storeError',
      'destroyed',
    ] as const) {
      store.on(name, (event) => told.push(event));
    }
    await store.set(id, made(store, id, { n: 0 }));
    const request = await loaded(store, id);
    await store.update(id, (session) => void Object.assign(session, { m: 1 }));
    const conflict = await store.set(id, Object.assign(request, { n: 2 })).catch((error) => error);
    backend.fate = () => 'lose request';
    const gaveUp = await store.destroy(id).catch((error) => error);
    expect([conflict.code, gaveUp.code]).toEqual(['CONFLICT', 'BACKEND_UNAVAILABLE']);
    expect(gaveUp.cause).toBeInstanceOf(Lost);
    expect(new Set(told.map((event) => (event as { record: string }).record))).toEqual(
      new Set([recordName(store.storedId(id))]),
    );
    expect(told.length).toBeGreaterThan(5);
    expect(inspect([told, conflict, gaveUp], { depth: 12, showHidden: true })).not.toContain(id);
    expect(inspect([told, conflict, gaveUp], { depth: 12 })).not.toContain(recordName(id));
    backend.fate = () => 'deliver';
    await store.close();
  });

  it('are listed, and can be destroyed by that', async () => {
    const { store } = hashing();
    for (const user of ['ann', 'bob', 'cid'])
      await store.set(`id of ${user}`, made(store, `id of ${user}`, { user }));
    expect((await store.ids()).sort()).toEqual(
      ['id of ann', 'id of bob', 'id of cid'].map((each) => store.storedId(each)).sort(),
    );
    const anns = (await store.all()).filter((session) => (session as { user?: unknown }).user === 'ann');
    await store.destroyMany(anns.map((session) => session.id));
    expect(await store.get('id of ann')).toBeUndefined();
    await store.destroy(store.storedId('id of bob'));
    expect(await store.get('id of bob')).toBeUndefined();
    expect(await sessionOf(store, 'id of cid')).toEqual({ user: 'cid' });
    expect(await store.length()).toBe(1);
  });

  it('are no way into a session for whoever has read them in the storage', async () => {
    const { store } = hashing();
    await store.set(id, made(store, id, { user: 'ann' }));
    const stolen = store.storedId(id);
    const session = await loaded(store, id);
    for (const attempt of [
      () => store.get(stolen),
      () => store.set(stolen, session),
      () => store.touch(stolen, session),
      () => store.update(stolen, () => {}),
    ]) {
      await expect(attempt()).rejects.toMatchObject({ code: 'INVALID_ID' });
    }
    expect(await sessionOf(store, id)).toEqual({ user: 'ann' });
  });

  it('are ids like any other to a store that does not hash', async () => {
    const store = new SessionStore(new LossyBackend());
    const like = hashing().store.storedId(id);
    await store.set(like, made(store, like, { user: 'eve' }));
    expect(await sessionOf(store, like)).toEqual({ user: 'eve' });
    expect(store.storedId(like)).toBe(like);
  });

  it('hide a session that another process has not managed to destroy', async () => {
    const { backend, store } = hashing({ retry: { retries: 0 } });
    backend.applyWrite(insertOf(store.storedId(id), { user: 'ann' }));
    backend.fates.push('deliver', 'lose request');
    await expect(store.destroy(id)).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' });
    expect(await store.get(id)).toBeUndefined();
    expect(await store.close()).toEqual({ unfinishedDeletions: [] });
  });

  it.for([undefined, 5, '', 'a\0b', '\ud800', 'x'.repeat(1025)])(
    'do not make the id %j a good one',
    async (bad) => {
      const { store } = hashing();
      await expect(store.get(bad as string)).rejects.toMatchObject({ code: 'INVALID_ID' });
      await expect(store.destroy(bad as string)).rejects.toMatchObject({ code: 'INVALID_ID' });
    },
  );
});
