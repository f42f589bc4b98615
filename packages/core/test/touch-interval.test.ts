import { SessionStore } from '@session-stores/core';
import { describe, expect, it } from 'vitest';
import { day, ending, hour, hourLong, minute } from './hour-long.js';
import { LossyBackend } from './lossy-backend.js';
import { loaded } from './requests.js';

const touchInterval = 10 * minute;

async function sparing() {
  const session = await hourLong({ maxAge: hour }, { touchInterval });
  const { store, backend } = session;
  return {
    ...session,
    touches: () => backend.calls.filter((call) => call.startsWith('touch')).length,
    request: async (through = store) => through.touch('a', ending(await loaded(through, 'a'))),
  };
}

describe('with touchInterval', () => {
  it('one touch in that time goes to the storage, from whatever process', async () => {
    const { backend, later, touches, request } = await sparing();
    const other = new SessionStore(backend, { touchInterval });
    for (let minutes = 0; minutes < 60; minutes++) {
      later(minute);
      await request();
      await request(other);
    }
    expect(touches()).toBe(6);
  });

  it('no session ends before its last request says, nor later than that time after it', async () => {
    const { later, left, request } = await sparing();
    for (const pause of [
      1,
      9 * minute,
      minute,
      minute,
      59 * minute,
      3,
      10 * minute - 1,
      2,
      60 * minute - 1,
    ]) {
      later(pause);
      await request();
      expect(left()).toBeGreaterThanOrEqual(hour);
      expect(left()).toBeLessThanOrEqual(hour + touchInterval);
    }
  });

  it('a touch after the session was destroyed is told as dropped, though it would have been spared', async () => {
    const { store, later, touches } = await sparing();
    later(minute);
    await store.touch('a', ending(await loaded(store, 'a')));
    const late = ending(await loaded(store, 'a'));
    const before = touches();
    await store.destroy('a');
    const dropped: string[] = [];
    store.on('dropped', ({ operation }) => dropped.push(operation));
    await store.touch('a', late);
    expect([dropped, touches() - before]).toEqual([['touch'], 0]);
  });

  it('the expiry that get shows is the one that holds', async () => {
    const { store, backend, later, request } = await sparing();
    later(minute);
    await request();
    const { cookie } = await loaded(store, 'a');
    expect(cookie.expires).toEqual(new Date(backend.rows.get('a')?.expiresAt as number));
    later(hour + touchInterval - 1);
    expect(await store.get('a')).toBeDefined();
    later(1);
    expect(await store.get('a')).toBeUndefined();
  });

  it('a lifetime that a request sets is stored at once, and exact', async () => {
    const { store, later, left } = await sparing();
    for (const maxAge of [minute, 30 * day, 2 * minute]) {
      later(1_000);
      const session = await loaded(store, 'a');
      session.cookie.maxAge = maxAge;
      await store.touch('a', session);
      expect(left()).toBe(maxAge);
    }
  });

  it('what is not touched is no touched event, and no error', async () => {
    const { store, later, request } = await sparing();
    const touched: string[] = [];
    store.on('touched', ({ record }) => touched.push(record));
    for (let count = 0; count < 3; count++) {
      later(1_000);
      await request();
    }
    expect(touched).toHaveLength(1);
  });

  it('a save of an unchanged session is spared like a touch, and a changed one is written', async () => {
    const { store, later, touches, writes } = await sparing();
    for (let count = 0; count < 3; count++) {
      later(1_000);
      await store.set('a', ending(await loaded(store, 'a')));
    }
    expect([touches(), writes()]).toEqual([1, 1]);
    await store.set('a', Object.assign(ending(await loaded(store, 'a')), { n: 2 }));
    expect([touches(), writes()]).toEqual([1, 2]);
  });

  it.each([-1, Number.NaN, '60000'])('%s is refused', (wrong) => {
    const open = () => new SessionStore(new LossyBackend(), { touchInterval: wrong as number });
    expect(open).toThrow(/touchInterval/);
  });
});

it('without touchInterval every touch is stored', async () => {
  const { backend, store, later } = await hourLong();
  for (let count = 0; count < 3; count++) {
    later(1_000);
    await store.touch('a', ending(await loaded(store, 'a')));
  }
  expect(backend.calls.filter((call) => call.startsWith('touch'))).toHaveLength(3);
});
