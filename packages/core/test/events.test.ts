import {
  recordName,
  SessionStore,
  type SessionStoreError,
  type SessionStoreEvents,
} from '@session-stores/core';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { LossyBackend } from './lossy-backend.js';
import { loaded, made } from './requests.js';

const names = [
  'created',
  'loaded',
  'saved',
  'touched',
  'destroyed',
  'dropped',
  'conflict',
  'retry',
  'gaveUp',
  'storeError',
  'evicted',
  'disconnect',
  'connect',
] as const satisfies (keyof SessionStoreEvents)[];

/** Everything that a store emits, in order. */
function listen(store: SessionStore): [string, object][] {
  const events: [string, object][] = [];
  for (const name of names) {
    store.on(name, (event: object) => events.push([name, event]));
  }
  return events;
}

describe('events', () => {
  it('tell the life of a session', async () => {
    const backend = new LossyBackend();
    const [store, other] = [new SessionStore(backend), new SessionStore(backend)];
    const events = listen(store);
    const take = () => events.splice(0).map(([name]) => name);
    await store.set('a', made(store, 'a', { n: 1 }));
    expect(take()).toEqual(['created']);
    const session = await loaded(store, 'a');
    expect(take()).toEqual(['loaded']);
    await store.touch('a', session);
    expect(take()).toEqual(['touched']);
    await store.set('a', session);
    expect(take()).toEqual(['touched']);
    await store.set('a', Object.assign(session, { n: 2 }));
    expect(take()).toEqual(['saved']);
    await other.update('a', (theirs) => void Object.assign(theirs, { m: 1 }));
    await store.set('a', Object.assign(session, { n: 3 }));
    expect(take()).toEqual(['conflict', 'saved']);
    await store.update('a', (mine) => void Object.assign(mine, { m: 2 }));
    expect(take()).toEqual(['saved']);
    await store.destroy('a');
    expect(take()).toEqual(['destroyed']);
    await store.set('a', Object.assign(session, { n: 4 }));
    await store.touch('a', session);
    expect(take()).toEqual(['dropped', 'dropped']);
    expect(await store.get('a')).toBeUndefined();
    expect(take()).toEqual([]);
  });

  it('carry the record’s short hash, and what else they are about', async () => {
    const backend = new LossyBackend();
    const retry = { retries: 1, minTimeout: 1, attemptTimeout: 50 };
    const store = new SessionStore(Object.assign(backend, { settlesAtOnce: true }), { retry });
    const events = listen(store);
    const record = recordName('a');
    expect(record).toMatch(/^[0-9a-f]{12}$/);
    await store.set('a', made(store, 'a', {}));
    backend.fate = (primitive) => (primitive === 'remove' ? 'lose request' : 'deliver');
    await store.destroy('a').catch(() => {});
    const error = expect.objectContaining({ code: 'BACKEND_UNAVAILABLE' });
    expect(events).toEqual([
      ['created', { record }],
      ['retry', { record, operation: 'destroy', attempt: 1, error }],
      ['gaveUp', { record, operation: 'destroy', error }],
      ['storeError', { record, operation: 'destroy', error }],
    ]);
    await store.get('').catch(() => {});
    await store.length();
  });

  it('report what the backend drops, and what goes wrong beside all calls', async () => {
    let context:
      | Parameters<NonNullable<import('@session-stores/core').SessionBackend['open']>>[0]
      | undefined;
    const backend = Object.assign(new LossyBackend(), {
      open: async (given: typeof context) => {
        context = given;
      },
    });
    const store = new SessionStore(backend);
    const events = listen(store);
    await store.get('a');
    context?.onEvicted('a');
    context?.onError(new Error('the idle connection broke'));
    expect(events).toEqual([
      ['evicted', { record: recordName('a') }],
      [
        'storeError',
        {
          record: undefined,
          operation: undefined,
          error: expect.objectContaining({ code: 'BACKEND_FAILED' }),
        },
      ],
    ]);
  });

  it('whose listener throws do not make an operation fail', async () => {
    const store = new SessionStore(new LossyBackend());
    const others = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    try {
      store.on('created', () => {
        throw new Error('of the listener');
      });
      const uncaught = new Promise((resolve) => process.once('uncaughtException', resolve));
      await store.set('a', made(store, 'a', {}));
      expect(await uncaught).toMatchObject({ message: 'of the listener' });
    } finally {
      for (const listener of others) {
        process.on('uncaughtException', listener);
      }
    }
  });

  it('are typed', () => {
    const store = new SessionStore(new LossyBackend());
    store.on('created', (event) => expectTypeOf(event.record).toEqualTypeOf<string>());
    store.on('retry', (event) =>
      expectTypeOf(event).toExtend<{ attempt: number; error: Error; operation: string }>(),
    );
    store.once('storeError', (event) => expectTypeOf(event.record).toEqualTypeOf<string | undefined>());
    expectTypeOf(store.update('a', () => {})).resolves.toExtend<object | undefined>();
    expectTypeOf(store.destroyMany).parameter(0).toEqualTypeOf<Iterable<string>>();
    expectTypeOf(store.close()).resolves.toEqualTypeOf<{ readonly unfinishedDeletions: readonly string[] }>();
    expectTypeOf<SessionStoreError['code']>().extract<'TIMEOUT' | 'nothing'>().toEqualTypeOf<'TIMEOUT'>();
    // @ts-expect-error: no such option
    new SessionStore(new LossyBackend(), {} as { ttl: number });
    // @ts-expect-error: a number is no session
    store.update('a', () => 5).catch(() => {});
  });
});
