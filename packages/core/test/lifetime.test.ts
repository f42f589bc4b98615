import { SessionStore } from '@session-stores/core';
import { describe, expect, it } from 'vitest';
import { day, ending, hour, hourLong, minute } from './hour-long.js';
import { LossyBackend } from './lossy-backend.js';
import { loaded, made, sessionOf } from './requests.js';

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

  it.for([{}, { serializer: { parse: JSON.parse, stringify: JSON.stringify } }])(
    'leaves it there however long the write is under way, with the options %j',
    async (options) => {
      const { backend, store, later, left } = await hourLong({ maxAge: hour }, options);
      later(minute);
      await store.touch('a', ending(await loaded(store, 'a')));
      backend.beforeEffect = (primitive) => {
        if (primitive === 'write') later(5_000);
      };
      await store.update('a', (session) => void Object.assign(session, { n: 2 }));
      expect(left()).toBe(hour - 5_000);
    },
  );

  it('puts it off where the function does', async () => {
    const { store, later, left } = await hourLong();
    later(minute);
    await store.update('a', (session) => {
      session.cookie.maxAge = hour;
    });
    expect(left()).toBe(hour);
  });

  it('puts it off where the function does so in place', async () => {
    const keepingDates = {
      stringify: JSON.stringify,
      parse: (text: string) =>
        JSON.parse(text, (name, value) => (name === 'expires' ? new Date(value) : value)),
    };
    const { store, left } = await hourLong({ maxAge: minute }, { serializer: keepingDates });
    await store.update('a', (session) => {
      session.cookie.expires?.setTime(Date.now() + hour);
    });
    expect(left()).toBe(hour);
  });

  it('does not extend the life of a session whose cookie has no expiry', async () => {
    const { store, later, left } = await hourLong({ maxAge: null });
    later(hour);
    await store.update('a', (session) => void Object.assign(session, { n: 2 }));
    expect(left()).toBe(day - hour);
  });
});
