import { recordName, SessionStore } from '@session-stores/core';
import { describe, expect, it } from 'vitest';
import { LossyBackend } from './lossy-backend.js';
import { loaded, made, sessionOf } from './requests.js';

const tooLarge = { code: 'TOO_LARGE', message: expect.stringContaining(recordName('a')) };

function bounded(maxBytes: number) {
  const backend = new LossyBackend();
  return { backend, store: new SessionStore(backend, { maxBytes }) };
}

describe('maxBytes', () => {
  it('counts the bytes of what is stored, in UTF-8', async () => {
    const { backend, store: unbounded } = bounded(1e6);
    await unbounded.set('a', made(unbounded, 'a', { text: 'ü'.repeat(100) }));
    const bytes = Buffer.byteLength(backend.rows.get('a')?.data ?? '');
    const data = { text: 'ü'.repeat(100) };
    const { store: fits } = bounded(bytes);
    await fits.set('a', made(fits, 'a', data));
    const { store: full, backend: empty } = bounded(bytes - 1);
    await expect(full.set('a', made(full, 'a', data))).rejects.toMatchObject(tooLarge);
    expect(empty.rows.size).toBe(0);
    expect(empty.calls.filter((call) => call.startsWith('write'))).toEqual([]);
  });

  it('refuses a change and loses nothing: neither what is stored nor what comes next', async () => {
    const { store } = bounded(500);
    await store.set('a', made(store, 'a', { n: 1 }));
    const [large, other] = [await loaded(store, 'a'), await loaded(store, 'a')];
    Object.assign(large, { mine: true, text: 'x'.repeat(500) });
    await expect(store.set('a', large)).rejects.toMatchObject(tooLarge);
    expect(await sessionOf(store, 'a')).toEqual({ n: 1 });
    await store.set('a', Object.assign(other, { others: true }));
    Reflect.deleteProperty(large, 'text');
    await store.set('a', large);
    expect(await sessionOf(store, 'a')).toEqual({ n: 1, mine: true, others: true });
  });

  it('holds for what two requests make together', async () => {
    const { store } = bounded(500);
    await store.set('a', made(store, 'a', {}));
    const [one, other] = [await loaded(store, 'a'), await loaded(store, 'a')];
    await store.set('a', Object.assign(one, { one: 'x'.repeat(250) }));
    await expect(store.set('a', Object.assign(other, { other: 'y'.repeat(250) }))).rejects.toMatchObject(
      tooLarge,
    );
    expect(Object.keys((await sessionOf(store, 'a')) ?? {})).toEqual(['one']);
  });

  it('holds for update and for plain objects', async () => {
    const { store } = bounded(500);
    await store.set('a', made(store, 'a', {}));
    const text = 'x'.repeat(500);
    await expect(store.update('a', () => ({ cookie: {}, text }) as never)).rejects.toMatchObject(tooLarge);
    await expect(store.set('a', { cookie: {}, text } as never)).rejects.toMatchObject(tooLarge);
    expect(await sessionOf(store, 'a')).toEqual({});
  });

  it('does not keep a session that is larger already from being read, touched and destroyed', async () => {
    const { backend, store } = bounded(500);
    const earlier = new SessionStore(backend);
    await earlier.set('a', made(earlier, 'a', { text: 'x'.repeat(1000) }));
    const session = await loaded(store, 'a');
    await store.touch('a', session);
    await expect(store.set('a', Object.assign(session, { n: 1 }))).rejects.toMatchObject(tooLarge);
    await store.destroy('a');
    expect(await store.get('a')).toBeUndefined();
  });

  it.for([0, -1, Number.NaN, '1000'])('%j is no limit', (maxBytes) => {
    expect(() => new SessionStore(new LossyBackend(), { maxBytes: maxBytes as number })).toThrow(
      /'maxBytes' must be/,
    );
  });
});
