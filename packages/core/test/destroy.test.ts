import { SessionStore } from '@session-stores/core';
import { describe, expect, it } from 'vitest';
import { insertOf, LossyBackend } from './lossy-backend.js';
import { loaded, made, sessionOf } from './requests.js';

const quick = { retry: { minTimeout: 1, maxTimeout: 5, attemptTimeout: 50 }, operationTimeout: 2_000 };

describe('destroy', () => {
  it('drops the save of a request that loaded the session before', async () => {
    const backend = new LossyBackend();
    const store = new SessionStore(backend);
    await store.set('a', made(store, 'a', { user: 'ann' }));
    const slow = await loaded(store, 'a');
    await store.destroy('a');
    const dropped: string[] = [];
    store.on('dropped', ({ operation }) => dropped.push(operation));
    await store.set('a', Object.assign(slow, { late: true }));
    expect(await store.get('a')).toBeUndefined();
    expect(dropped).toEqual(['set']);
  });

  it('drops the save of a session that was destroyed before it was ever saved', async () => {
    const store = new SessionStore(new LossyBackend());
    const session = made(store, 'a', { user: 'ann' });
    await store.destroy('a');
    await store.set('a', session);
    expect(await store.get('a')).toBeUndefined();
  });

  it('is not undone by an insert that arrives again', async () => {
    const backend = new LossyBackend();
    const store = new SessionStore(backend, quick);
    const session = made(store, 'a', { user: 'ann' });
    backend.fates.push('lose reply');
    const inserted = store.set('a', session);
    const other = new SessionStore(backend, quick);
    backend.beforeEffect = (primitive) => {
      if (primitive === 'write' && backend.rows.has('a')) {
        backend.beforeEffect = undefined;
        const row = backend.rows.get('a');
        backend.rows.delete('a');
        backend.graves.set('a', row?.birth ?? '');
      }
    };
    await inserted;
    expect(await other.get('a')).toBeUndefined();
  });

  it('goes on in the background, and shows the session to nobody, when it had to be given up', async () => {
    const backend = new LossyBackend();
    const store = new SessionStore(backend, quick);
    await store.set('a', made(store, 'a', { user: 'ann' }));
    backend.fate = (primitive) => (primitive === 'remove' ? 'lose request' : 'deliver');
    await expect(store.destroy('a')).rejects.toMatchObject({
      code: expect.stringMatching(/TIMEOUT|UNAVAILABLE/),
    });
    expect(backend.rows.has('a')).toBe(true);
    expect(await store.get('a')).toBeUndefined();
    expect(await store.ids()).toEqual([]);
    const destroyed = new Promise((resolve) => store.once('destroyed', resolve));
    backend.fate = () => 'deliver';
    await destroyed;
    expect(backend.rows.has('a')).toBe(false);
  });

  it('does not carry a given-up deletion over to the next session of the id', async () => {
    const backend = new LossyBackend();
    const store = new SessionStore(backend, quick);
    await store.set('a', made(store, 'a', { user: 'ann' }));
    backend.fate = (primitive) => (primitive === 'remove' ? 'lose request' : 'deliver');
    await store.destroy('a').catch(() => {});
    backend.fate = () => 'deliver';
    await store.set('a', made(store, 'a', { user: 'bob' }));
    expect(await sessionOf(store, 'a')).toMatchObject({ user: 'bob' });
    await store.close();
    expect(backend.rows.get('a')?.data).toContain('bob');
  });

  it('does not destroy a session that got the id while the reply was lost', async () => {
    const backend = new LossyBackend();
    const [store, other] = [new SessionStore(backend, quick), new SessionStore(backend)];
    await other.set('a', made(other, 'a', { user: 'ann' }));
    backend.fates.push('deliver', 'lose reply');
    store.once('retry', () => {
      backend.applyWrite({ ...insertOf('a', { user: 'bob' }), birth: 'another-birth-00' });
    });
    await store.destroy('a');
    expect(await sessionOf(store, 'a')).toEqual({ user: 'bob' });
  });

  it('destroys, although a request was lost, the session that the id had by then and that is not known here', async () => {
    const backend = new LossyBackend();
    const [store, other] = [new SessionStore(backend, quick), new SessionStore(backend)];
    await store.set('a', made(store, 'a', { user: 'ann' }));
    await other.destroy('a');
    await other.set('a', made(other, 'a', { user: 'bob' }));
    backend.fates.push('lose request');
    await store.destroy('a');
    expect(await other.get('a')).toBeUndefined();
  });

  it('destroys a session that another process put in the place of the one known here', async () => {
    const backend = new LossyBackend();
    const [store, other] = [new SessionStore(backend), new SessionStore(backend)];
    await store.set('a', made(store, 'a', { user: 'ann' }));
    await other.destroy('a');
    await other.set('a', made(other, 'a', { user: 'bob' }));
    await store.destroy('a');
    expect(backend.rows.has('a')).toBe(false);
  });

  it('drops a save, called before it, that the storage has not applied yet', async () => {
    const backend = new LossyBackend();
    const store = new SessionStore(backend, { operationTimeout: 50 });
    backend.fates.push('arrive late');
    const saved = store.set('a', made(store, 'a', { user: 'ann' }));
    const destroyed = store.destroy('a');
    await expect(saved).rejects.toMatchObject({ code: 'TIMEOUT' });
    await destroyed.catch(() => store.destroy('a'));
    backend.deliverLate();
    expect(await store.get('a')).toBeUndefined();
  });

  it('leaves a grave, where calls take effect at once, for a save that was given up under way', async () => {
    const backend = Object.assign(new LossyBackend(), { settlesAtOnce: true });
    const store = new SessionStore(backend, { operationTimeout: 50 });
    backend.fates.push('arrive late');
    await expect(store.set('a', made(store, 'a', { user: 'ann' }))).rejects.toMatchObject({
      code: 'TIMEOUT',
    });
    await store.destroy('a');
    backend.deliverLate();
    expect(await store.get('a')).toBeUndefined();
    await store.set('b', made(store, 'b', {}));
    await store.destroy('b');
    expect(backend.graves.has('b')).toBe(false);
  });

  it('refuses a first save that is still on its way in the process that has sent it; in another it finds nothing', async () => {
    for (const isSame of [true, false]) {
      const backend = new LossyBackend();
      const sender = new SessionStore(backend, { operationTimeout: 20 });
      backend.fates.push('arrive late');
      await expect(sender.set('a', made(sender, 'a', { user: 'ann' }))).rejects.toMatchObject({
        code: 'TIMEOUT',
      });
      await (isSame ? sender : new SessionStore(backend)).destroy('a');
      backend.deliverLate();
      // As a login that came after the logout: nobody was ever told of the one before.
      expect(await sessionOf(sender, 'a')).toEqual(isSame ? undefined : { user: 'ann' });
    }
  });

  it('refuses it whatever else this process has met since', async () => {
    const backend = new LossyBackend();
    const store = new SessionStore(backend, { operationTimeout: 500 });
    for (let count = 0; count < 45_000; count++) {
      backend.applyWrite(insertOf(`other ${count}`, {}));
    }
    backend.fates.push('arrive late');
    const saved = store.set('a', made(store, 'a', { user: 'ann' })).catch(({ code }) => code);
    await store.all();
    expect(await saved).toBe('TIMEOUT');
    await store.destroy('a');
    backend.deliverLate();
    expect(await store.get('a')).toBeUndefined();
  });

  it.each([true, false])(
    'refuses it where another had success since, of this process: %j',
    async (isSame) => {
      const backend = new LossyBackend();
      const store = new SessionStore(backend, { operationTimeout: 50 });
      const plain = (user: string) => ({ cookie: { maxAge: 60_000 }, user }) as never;
      backend.fates.push('deliver', 'arrive late');
      await expect(store.set('a', plain('ann'))).rejects.toMatchObject({ code: 'TIMEOUT' });
      await (isSame ? store : new SessionStore(backend)).set('a', plain('ann again'));
      await store.destroy('a');
      backend.deliverLate();
      expect(await store.get('a')).toBeUndefined();
    },
  );

  it('ends what a get has given that was under way when it was called', async () => {
    const store = new SessionStore(new LossyBackend(), { touchInterval: 30_000 });
    await store.set('a', made(store, 'a', {}, { maxAge: 100 }));
    const [session] = await Promise.all([loaded(store, 'a'), store.destroy('a')]);
    const dropped: string[] = [];
    store.on('dropped', ({ operation }) => dropped.push(operation));
    await store.touch('a', session);
    await new Promise((resolve) => setTimeout(resolve, 150));
    await store.set('a', Object.assign(session, { late: true }));
    expect(dropped).toEqual(['touch', 'set']);
  });

  it('does not drop the session that is made under its id while it runs', async () => {
    const store = new SessionStore(new LossyBackend());
    await store.set('a', made(store, 'a', { user: 'ann' }));
    const destroyed = store.destroy('a');
    const next = made(store, 'a', { user: 'bob' });
    await destroyed;
    await store.set('a', next);
    expect(await sessionOf(store, 'a')).toEqual({ user: 'bob' });
  });

  it('names the birth, so that it destroys nobody else when it arrives late', async () => {
    const backend = new LossyBackend();
    const store = new SessionStore(backend, { operationTimeout: 50 });
    await store.set('a', made(store, 'a', { user: 'ann' }));
    backend.fates.push('arrive late');
    await expect(store.destroy('a')).rejects.toMatchObject({ code: 'TIMEOUT' });
    await store.destroy('a');
    await store.set('a', made(store, 'a', { user: 'bob' }));
    backend.deliverLate();
    expect(await sessionOf(store, 'a')).toEqual({ user: 'bob' });
  });

  it('destroys a record that cannot be read', async () => {
    const backend = new LossyBackend();
    const store = new SessionStore(backend);
    backend.applyWrite({ ...insertOf('a', {}), data: '{"cut off' });
    await expect(store.get('a')).rejects.toMatchObject({ code: 'CORRUPT' });
    await store.destroy('a');
    expect(backend.rows.has('a')).toBe(false);
    const unreadable = Object.assign(new LossyBackend(), {
      read: () => Promise.reject(new Error('WRONGTYPE')),
    });
    unreadable.applyWrite(insertOf('a', {}));
    await new SessionStore(unreadable).destroy('a');
    expect(unreadable.rows.has('a')).toBe(false);
  });

  it.each([
    ['was saved before the option was set', false],
    ['came from a foreign store', true],
  ])('is final for copies of a session that %s, with copiedSessions', async (_, isForeign) => {
    const backend = new LossyBackend();
    const insert = insertOf('a', { user: 'ann' });
    backend.applyWrite(insert);
    const row = backend.rows.get('a');
    if (isForeign && row !== undefined) backend.rows.set('a', { ...row, birth: undefined });
    const store = new SessionStore(backend, { copiedSessions: true });
    const copy = async () => structuredClone({ ...(await store.get('a')) }) as never;
    if (isForeign) await store.set('a', await copy());
    const late = await copy();
    await store.destroy('a');
    await store.set('a', late);
    expect(await store.get('a')).toBeUndefined();
  });

  it('is final for deep copies of the session too, with copiedSessions', async () => {
    const backend = Object.assign(new LossyBackend(), { settlesAtOnce: true });
    const store = new SessionStore(backend, { copiedSessions: true });
    const copy = structuredClone({ user: 'ann', cookie: { maxAge: 60_000 } }) as never;
    await store.set('a', copy);
    await store.destroy('a');
    await store.set('a', copy);
    expect(await store.get('a')).toBeUndefined();
    await store.destroy('never saved');
    await store.set('never saved', copy);
    expect(await store.get('never saved')).toBeUndefined();
  });

  it('of many ids fails with how many failed, and destroys the others', async () => {
    const backend = new LossyBackend();
    const store = new SessionStore(backend);
    for (const id of ['a', 'b', 'c']) {
      await store.set(id, made(store, id, {}));
    }
    backend.failingIds.add('b');
    const error = await store.destroyMany(['a', 'b', 'c', 'c']).catch((reason) => reason);
    expect(error).toMatchObject({ code: 'BACKEND_FAILED', message: expect.stringContaining('1 of 3') });
    expect(error.cause).toBeInstanceOf(AggregateError);
    expect([...backend.rows.keys()]).toEqual(['b']);
    for (const ids of ['abc', 5, undefined] as never[]) {
      await expect(store.destroyMany(ids)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    }
    backend.failingIds.clear();
    await expect(store.destroyMany(['b', ''])).rejects.toMatchObject({ code: 'INVALID_ID' });
    expect([...backend.rows.keys()]).toEqual(['b']);
  });
});

describe('clear', () => {
  it('removes all sessions, those being saved included, and is final for them', async () => {
    const backend = new LossyBackend();
    const store = new SessionStore(backend);
    await store.set('a', made(store, 'a', {}));
    const slow = await loaded(store, 'a');
    const unsaved = made(store, 'b', {});
    const saved = store.set('c', made(store, 'c', {}));
    const cleared = store.clear();
    const behind = store.set('d', made(store, 'd', {}));
    await Promise.all([saved, cleared, behind]);
    await store.set('a', Object.assign(slow, { late: true }));
    await store.set('b', unsaved);
    expect([...backend.rows.keys()]).toEqual(['d']);
    expect(backend.graves.has('a')).toBe(true);
  });

  it('fails when a record could not be removed, and asks for 512 removals a call at the most', async () => {
    const backend = new LossyBackend();
    const store = new SessionStore(backend);
    for (let i = 0; i < 600; i++) {
      backend.applyWrite(insertOf(`${i}`, {}));
    }
    backend.failingIds.add('7');
    await expect(store.clear()).rejects.toMatchObject({ code: 'BACKEND_FAILED' });
    backend.failingIds.clear();
    backend.calls.length = 0;
    backend.applyWrite(insertOf('more', {}));
    for (let i = 0; i < 600; i++) {
      backend.applyWrite(insertOf(`again ${i}`, {}));
    }
    await store.clear();
    expect(backend.rows.size).toBe(0);
    expect(backend.calls.every((call) => Number(call.split(' ')[1]) <= 512)).toBe(true);
  });
});
