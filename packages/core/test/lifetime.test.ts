import { SessionStore } from '@session-stores/core';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { LossyBackend } from './lossy-backend.js';
import { loaded, made, sessionOf } from './requests.js';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** A session of an hour in a store whose clock stands still until `later` moves it. */
async function hourLong(cookie: object = { maxAge: hour }) {
  vi.useFakeTimers({ toFake: ['Date'], now: 1_800_000_000_000 });
  onTestFinished(() => void vi.useRealTimers());
  const backend = new LossyBackend();
  const store = new SessionStore(backend);
  await store.set('a', made(store, 'a', { n: 1 }, cookie));
  return {
    backend,
    store,
    later: (ms: number) => vi.setSystemTime(Date.now() + ms),
    left: () => (backend.rows.get('a')?.expiresAt ?? Number.NaN) - Date.now(),
    writes: () => backend.calls.filter((call) => call.startsWith('write')).length,
  };
}

/** What express-session does with a session at the end of each request. */
function ending(session: Awaited<ReturnType<typeof loaded>>): typeof session {
  session.cookie.maxAge = session.cookie.originalMaxAge as number;
  return session;
}

describe('a session', () => {
  it('lives as long as its cookie says, to the millisecond', async () => {
    const { store, later, left } = await hourLong();
    expect(left()).toBe(hour);
    later(hour - 1);
    expect(await store.get('a')).toBeDefined();
    expect(await store.length()).toBe(1);
    later(1);
    expect(await store.get('a')).toBeUndefined();
    expect(await store.length()).toBe(0);
    expect(await store.all()).toEqual([]);
  });

  it('whose cookie has no expiry lives for defaultMaxAge, by default a day', async () => {
    const { left } = await hourLong({ maxAge: null });
    expect(left()).toBe(day);
    const backend = new LossyBackend();
    const store = new SessionStore(backend, { defaultMaxAge: 5 * minute });
    await store.set('a', { n: 1 } as never);
    expect((backend.rows.get('a')?.expiresAt ?? 0) - Date.now()).toBe(5 * minute);
  });

  it('of the browser’s keeps a cookie without an expiry, whatever is saved and touched', async () => {
    const { store, later, left } = await hourLong({ maxAge: null });
    later(hour);
    const session = await loaded(store, 'a');
    expect(session.cookie).toMatchObject({ originalMaxAge: null, expires: null });
    await store.touch('a', session);
    expect(left()).toBe(day);
    await store.set('a', Object.assign(session, { n: 2 }));
    expect((await store.get('a'))?.cookie).toMatchObject({ originalMaxAge: null, expires: null });
  });

  it('is dropped, without a write, when its lifetime is set to what is over', async () => {
    const { backend, store } = await hourLong();
    const session = await loaded(store, 'a');
    session.cookie.maxAge = 0;
    await store.set('a', Object.assign(session, { n: 2 }));
    expect(backend.rows.size).toBe(0);
  });

  it('whose lifetime was set to what is over takes no session of another birth with it', async () => {
    const { store } = await hourLong();
    const slow = await loaded(store, 'a');
    await store.destroy('a');
    await store.set('a', made(store, 'a', { user: 'bob' }));
    slow.cookie.maxAge = -1;
    await store.set('a', Object.assign(slow, { n: 2 }));
    expect(await sessionOf(store, 'a')).toEqual({ user: 'bob' });
  });

  it.for([new Date(Number.NaN), 'no date', 5, {}])(
    'whose cookie expires at %j is INVALID_SESSION',
    async (expires) => {
      const backend = new LossyBackend();
      const store = new SessionStore(backend);
      await expect(store.set('a', { cookie: { expires } } as never)).rejects.toMatchObject({
        code: 'INVALID_SESSION',
      });
      expect(backend.rows.size).toBe(0);
    },
  );
});

describe('touch', () => {
  it('moves the expiry of the record and of the cookie that the next get shows, and writes no data', async () => {
    const { backend, store, later, left, writes } = await hourLong();
    const data = backend.rows.get('a')?.data;
    later(10 * minute);
    await store.touch('a', ending(await loaded(store, 'a')));
    expect(left()).toBe(hour);
    expect(writes()).toBe(1);
    expect(backend.rows.get('a')?.data).toBe(data);
    const { cookie } = await loaded(store, 'a');
    expect(cookie.expires).toEqual(new Date(Date.now() + hour));
    expect(cookie.originalMaxAge).toBe(hour);
  });

  it('by a slow request does not move the expiry back', async () => {
    const { store, later, left } = await hourLong();
    const slow = ending(await loaded(store, 'a'));
    later(10 * minute);
    await store.touch('a', ending(await loaded(store, 'a')));
    await store.touch('a', slow);
    expect(left()).toBe(hour);
    await store.set('a', Object.assign(slow, { n: 2 }));
    expect(left()).toBe(hour);
  });

  it('whose cookie has another lifetime saves the cookie, and sets the expiry outright', async () => {
    const { store, left, later, writes } = await hourLong();
    const session = await loaded(store, 'a');
    session.cookie.maxAge = 30 * day;
    await store.touch('a', session);
    expect(left()).toBe(30 * day);
    expect(writes()).toBe(2);
    later(day);
    const next = await loaded(store, 'a');
    expect(next.cookie.originalMaxAge).toBe(30 * day);
    expect(next).toMatchObject({ n: 1 });
    next.cookie.maxAge = minute;
    await store.touch('a', next);
    expect(left()).toBe(minute);
  });

  it('whose cookie has another attribute saves the cookie', async () => {
    const { store, writes } = await hourLong();
    const session = await loaded(store, 'a');
    session.cookie.sameSite = 'strict';
    await store.touch('a', session);
    expect(writes()).toBe(2);
    expect((await store.get('a'))?.cookie).toMatchObject({ sameSite: 'strict' });
  });

  it('takes originalMaxAge for the same within a second, and does not let it drift', async () => {
    const { store, later, writes } = await hourLong();
    for (let request = 0; request < 5; request++) {
      later(minute);
      const session = ending(await loaded(store, 'a'));
      // `Cookie` computes it anew, a moment later.
      session.cookie.originalMaxAge = (session.cookie.originalMaxAge ?? 0) - 900;
      await store.touch('a', session);
      await store.set('a', Object.assign(session, { request }));
    }
    expect(writes()).toBe(1 + 5);
    expect((await store.get('a'))?.cookie.originalMaxAge).toBe(hour);
  });

  it('extends by the lifetime that another request has set meanwhile', async () => {
    const { store, later, left } = await hourLong();
    const slow = ending(await loaded(store, 'a'));
    const remembering = await loaded(store, 'a');
    remembering.cookie.maxAge = 30 * day;
    await store.touch('a', remembering);
    later(day);
    await store.touch('a', slow);
    expect(left()).toBe(30 * day);
    expect((await store.get('a'))?.cookie.originalMaxAge).toBe(30 * day);
  });

  it('with nothing but an expiry in its cookie only extends, and writes no data', async () => {
    const { store, left, writes } = await hourLong();
    await store.set('a', { cookie: { expires: new Date(Date.now() + hour) }, n: 1 } as never);
    const before = writes();
    await store.touch('a', { cookie: { expires: new Date(Date.now() + 2 * hour) } } as never);
    expect(left()).toBe(2 * hour);
    await store.touch('a', { cookie: { expires: new Date(Date.now() + minute) } } as never);
    expect(left()).toBe(2 * hour);
    expect(writes()).toBe(before);
  });

  it('of no session changes nothing and is no error', async () => {
    const { backend, store } = await hourLong();
    await store.touch('b', { cookie: { maxAge: hour } } as never);
    await store.touch('c', made(store, 'c', {}));
    expect([...backend.rows.keys()]).toEqual(['a']);
  });

  it('does not touch the session of another birth', async () => {
    const { store, later, left } = await hourLong();
    const slow = await loaded(store, 'a');
    await store.destroy('a');
    await store.set('a', made(store, 'a', { user: 'bob' }, { maxAge: minute }));
    later(1000);
    await store.touch('a', slow);
    expect(left()).toBe(minute - 1000);
  });
});

describe('a save', () => {
  it('that did not change the lifetime keeps the one that another request has set', async () => {
    const { store, later, left } = await hourLong();
    const slow = ending(await loaded(store, 'a'));
    const remembering = await loaded(store, 'a');
    remembering.cookie.maxAge = 30 * day;
    await store.set('a', Object.assign(remembering, { remember: true }));
    later(minute);
    await store.set('a', Object.assign(slow, { n: 2 }));
    expect(left()).toBe(30 * day);
    const { cookie } = await loaded(store, 'a');
    expect(cookie.originalMaxAge).toBe(30 * day);
    expect(await sessionOf(store, 'a')).toEqual({ n: 2, remember: true });
  });

  it('that did not change the lifetime leaves a cookie without an expiry that another request has made so', async () => {
    const { store, later } = await hourLong();
    const slow = await loaded(store, 'a');
    later(minute);
    ending(slow);
    const other = await loaded(store, 'a');
    other.cookie.maxAge = null as never;
    await store.set('a', Object.assign(other, { x: 1 }));
    await store.set('a', Object.assign(slow, { n: 2 }));
    expect((await store.get('a'))?.cookie).toMatchObject({ originalMaxAge: null, expires: null });
  });

  it('after the session had expired is EXPIRED', async () => {
    const { store, later } = await hourLong();
    const session = await loaded(store, 'a');
    later(hour);
    await expect(store.set('a', ending(Object.assign(session, { n: 2 })))).rejects.toMatchObject({
      code: 'EXPIRED',
    });
    expect(await store.get('a')).toBeUndefined();
  });

  it('of a session that was destroyed is dropped, although it would have expired since', async () => {
    const { store, later } = await hourLong();
    const session = await loaded(store, 'a');
    await store.destroy('a');
    later(2 * hour);
    await store.set('a', Object.assign(session, { n: 2 }));
    expect(await store.get('a')).toBeUndefined();
  });

  it('of a session that was touched since by another request is not EXPIRED', async () => {
    const { store, later } = await hourLong();
    const slow = await loaded(store, 'a');
    later(50 * minute);
    await store.touch('a', ending(await loaded(store, 'a')));
    later(50 * minute);
    // Its own cookie is stale by now, as in `req.session.save()` in the middle of a request.
    await store.set('a', Object.assign(slow, { n: 2 }));
    expect(await sessionOf(store, 'a')).toEqual({ n: 2 });
  });

  it('that is tried again tells its expiry anew', async () => {
    const backend = new LossyBackend();
    const store = new SessionStore(backend, {
      retry: { minTimeout: 100, randomize: false, attemptTimeout: 50 },
    });
    backend.fates.push('lose request');
    const expires = new Date(Date.now() + hour);
    await store.set('a', made(store, 'a', {}, { expires }));
    expect(Math.abs((backend.rows.get('a')?.expiresAt ?? 0) - expires.getTime())).toBeLessThan(20);
  });

  it('of a plain object sets the expiry that it has', async () => {
    const { store, left } = await hourLong();
    await store.set('a', { cookie: { expires: new Date(Date.now() + minute) }, n: 2 } as never);
    expect(left()).toBe(minute);
    await store.set('a', { cookie: { expires: new Date(Date.now() + 1000) }, n: 2 } as never);
    expect(left()).toBe(1000);
    await store.set('a', { cookie: { maxAge: 2 * minute }, n: 3 } as never);
    expect(left()).toBe(2 * minute);
  });
});

describe('update', () => {
  it('leaves the expiry where it is, unless the function sets a lifetime', async () => {
    const { store, later, left } = await hourLong();
    later(minute);
    await store.update('a', (session) => void Object.assign(session, { n: 2 }));
    expect(left()).toBe(hour - minute);
    await store.update('a', (session) => {
      session.cookie.maxAge = 5 * minute;
    });
    expect(left()).toBe(5 * minute);
    expect((await store.get('a'))?.cookie.originalMaxAge).toBe(5 * minute);
  });

  it('does not extend the life of a session whose cookie has no expiry', async () => {
    const { store, later, left } = await hourLong({ maxAge: null });
    later(hour);
    await store.update('a', (session) => void Object.assign(session, { n: 2 }));
    expect(left()).toBe(day - hour);
  });
});
