import { describe, expect, it } from 'vitest';
import { day, ending, hour, hourLong, minute } from './hour-long.js';
import { loaded, made } from './requests.js';

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
