import { SessionStore } from '@session-stores/core';
import { describe, expect, it } from 'vitest';
import { LossyBackend } from './lossy-backend.js';
import { made, sessionOf } from './requests.js';

describe('an id', () => {
  it.for([
    ['no string', 5],
    ['null', null],
    ['undefined', undefined],
    ['an array', ['a']],
    ['an object with toString', { toString: () => 'a' }],
    ['empty', ''],
    ['1,025 bytes long', 'a'.repeat(1025)],
    ['1,025 bytes long in 513 characters', `${'é'.repeat(512)}a`],
    ['one with U+0000', 'a\0b'],
    ['not well-formed', 'a\ud800'],
  ] as const)('that is %s is refused by every method, and reaches no backend', async ([, id]) => {
    const backend = new LossyBackend();
    const store = new SessionStore(backend);
    const session = { cookie: {} } as never;
    for (const call of [
      () => store.get(id as never),
      () => store.set(id as never, session),
      () => store.touch(id as never, session),
      () => store.destroy(id as never),
      () => store.update(id as never, () => {}),
      () => store.destroyMany([id as never]),
    ]) {
      await expect(call()).rejects.toMatchObject({ code: 'INVALID_ID' });
    }
    expect(backend.calls).toEqual([]);
  });

  it.for([
    'a',
    'a'.repeat(1024),
    'é'.repeat(512),
    '*',
    '__proto__',
    'constructor',
    ' ',
    '😀',
    "'; --",
    '\n',
    '../..',
    '{a}:b',
  ])('may be %j', async (id) => {
    const store = new SessionStore(new LossyBackend());
    await store.set(id, made(store, id, { n: 1 }));
    expect(await sessionOf(store, id)).toEqual({ n: 1 });
    expect(await store.ids()).toEqual([id]);
    await store.destroy(id);
    expect(await store.get(id)).toBeUndefined();
  });

  it('is in no error message and no event', async () => {
    const backend = new LossyBackend();
    const store = new SessionStore(backend, { retry: { retries: 1, minTimeout: 1, attemptTimeout: 50 } });
    const id = 'the-secret-id';
    const told: unknown[] = [];
    for (const name of [
      'created',
      'loaded',
      'saved',
      'destroyed',
      'dropped',
      'retry',
      'gaveUp',
      'storeError',
    ] as const) {
      store.on(name, (event: object) => {
        const error = (event as { error?: Error }).error;
        told.push(event, error?.message, error?.stack, error?.cause);
      });
    }
    await store.set(id, made(store, id, { secret: 'of the session' }));
    await store.get(id);
    backend.failingIds.add(id);
    await store.get(id).catch(() => {});
    backend.failingIds.clear();
    backend.fate = () => 'lose request';
    await store.destroy(id).catch(() => {});
    backend.fate = () => 'deliver';
    await store.get('an id that is far too long'.repeat(100)).catch(() => {});
    await store.close();
    expect(told.length).toBeGreaterThan(20);
    const text = told.map((what) => (typeof what === 'string' ? what : JSON.stringify(what))).join();
    expect(text).not.toContain(id);
    expect(text).not.toContain('of the session');
    expect(text).not.toContain('far too long'.repeat(2));
  });
});
