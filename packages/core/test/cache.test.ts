import { randomBytes } from 'node:crypto';
import { type CacheOptions, recordName, SessionStore, type SessionStoreOptions } from '@session-stores/core';
import { describe, expect, it } from 'vitest';
import { insertOf, LossyBackend } from './lossy-backend.js';
import { loaded, made, sessionOf } from './requests.js';
import { WatchedBackend } from './watched-backend.js';

const isOver = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** A store with a cache that is up, a session `a` in storage, and what another process does to it. */
async function caching(cache: CacheOptions = {}, options: SessionStoreOptions = {}) {
  const backend = new WatchedBackend();
  const store = new SessionStore(backend, { cache, ...options });
  const other = new SessionStore(backend, { cache: { maxEntries: 0 } });
  await store.length(); // Opens it.
  backend.vouch();
  backend.applyWrite(insertOf('a', { n: 0 }));
  return { backend, store, other };
}

function counted(session: object): void {
  (session as { n: number }).n++;
}

async function expiryShown(store: SessionStore): Promise<number> {
  return Date.parse(String((await store.get('a'))?.cookie.expires));
}

describe('what is served from the cache', () => {
  it('is a session that was read before, without a call', async () => {
    const { backend, store } = await caching();
    for (let i = 0; i < 5; i++) expect(await sessionOf(store, 'a')).toEqual({ n: 0 });
    expect(backend.reads()).toBe(1);
  });

  it('is a copy of its own for each request', async () => {
    const { store } = await caching();
    const [one, two] = [await loaded(store, 'a'), await loaded(store, 'a')];
    one.n = 7;
    expect(two.n).toBe(0);
  });

  it('does not wait for what is on the wire', async () => {
    const { backend, store } = await caching({}, { operationTimeout: 300 });
    await store.get('a');
    backend.fates.push('hang');
    const hanging = store.get('b').catch(() => 'failed');
    expect(await sessionOf(store, 'a')).toEqual({ n: 0 });
    expect(backend.reads()).toBe(1);
    await store.close();
    await hanging;
  });

  it('holds up nothing else, however often it is asked for in a loop', async () => {
    const { store } = await caching();
    await store.get('a');
    let turned = false;
    setImmediate(() => {
      turned = true;
    });
    for (let i = 0; i < 3_000 && !turned; i++) await store.get('a');
    expect(turned).toBe(true);
  });

  it('is never that there is no session', async () => {
    const { backend, store } = await caching();
    expect(await store.get('b')).toBeUndefined();
    backend.applyWrite(insertOf('b', { n: 1 }));
    expect(await sessionOf(store, 'b')).toEqual({ n: 1 });
  });

  it('is nothing where the option is not set', async () => {
    const backend = new WatchedBackend();
    const store = new SessionStore(backend);
    await store.set('a', made(store, 'a', {}));
    await store.get('a');
    await store.get('a');
    expect(backend.reads()).toBe(2);
    expect(backend.listeners).toEqual([]);
    expect(backend.announced).toEqual([]);
  });

  it('is at most so many sessions, those that were used last', async () => {
    const { backend, store } = await caching({ maxEntries: 2 });
    for (const id of ['b', 'c']) backend.applyWrite(insertOf(id, {}));
    for (const id of ['a', 'b', 'a', 'c']) await store.get(id);
    expect(backend.reads()).toBe(3);
    await store.get('a');
    expect(backend.reads()).toBe(3);
    await store.get('b');
    expect(backend.reads()).toBe(4);
  });

  it('is nothing older than maxAge', async () => {
    const { backend, store } = await caching({ maxAge: 30 });
    await store.get('a');
    await isOver(31);
    await store.get('a');
    expect(backend.reads()).toBe(2);
  });

  it('is nothing that has expired, or may have, by what the clocks are known to differ', async () => {
    const { backend, store } = await caching();
    backend.applyWrite({ ...insertOf('b', {}), expiry: { in: 50, exact: true } });
    await store.get('b');
    await isOver(51);
    expect(await store.get('b')).toBeUndefined();
    backend.expiryUncertainty = 40;
    backend.applyWrite({ ...insertOf('c', {}), expiry: { in: 60, exact: true } });
    await store.get('c');
    await store.get('c');
    const before = backend.reads();
    await isOver(25);
    await store.get('c');
    expect(backend.reads()).toBe(before + 1);
  });
});

describe('while the channel', () => {
  it('is not up yet, nothing is kept', async () => {
    const backend = new WatchedBackend();
    const store = new SessionStore(backend, { cache: {} });
    backend.applyWrite(insertOf('a', { n: 0 }));
    await store.get('a');
    backend.vouch();
    await store.get('a');
    expect(backend.reads()).toBe(2);
    await store.get('a');
    expect(backend.reads()).toBe(2);
  });

  it('comes up, a read that was under way is not kept', async () => {
    const { backend, store } = await caching();
    backend.lose();
    backend.beforeReply = () => backend.vouch();
    await store.get('a');
    backend.beforeReply = undefined;
    await store.get('a');
    expect(backend.reads()).toBe(2);
  });

  it('is down, the cache is bypassed, and empty when it is up again', async () => {
    const { backend, store } = await caching();
    await store.get('a');
    backend.lose();
    await store.get('a');
    expect(backend.reads()).toBe(2);
    backend.vouch();
    await store.get('a');
    expect(backend.reads()).toBe(3);
  });

  it('goes down and up during a read, that read is not kept', async () => {
    const { backend, store } = await caching();
    backend.beforeReply = () => {
      backend.lose();
      backend.vouch();
    };
    await store.get('a');
    backend.beforeReply = undefined;
    await store.get('a');
    expect(backend.reads()).toBe(2);
  });

  it('is silent, the cache is bypassed after the lease of 2 s, and good again with the next sign of life', async () => {
    const { backend, store } = await caching();
    backend.lose();
    backend.vouch(1_900);
    await store.get('a');
    await store.get('a');
    expect(backend.reads()).toBe(1);
    await isOver(101);
    await store.get('a');
    expect(backend.reads()).toBe(2);
    backend.vouch();
    await store.get('a');
    expect(backend.reads()).toBe(2);
  });
});

describe('a change by another process', () => {
  it('takes the session out: destroyed, saved or touched', async () => {
    const { backend, store, other } = await caching();
    await store.get('a');
    await other.update('a', (session) => void Object.assign(session, { n: 1 }));
    expect(await sessionOf(store, 'a')).toEqual({ n: 0 });
    backend.tell();
    expect(await sessionOf(store, 'a')).toEqual({ n: 1 });

    const session = await loaded(other, 'a');
    session.cookie.maxAge = 120_000;
    await other.touch('a', session);
    backend.tell();
    expect(await expiryShown(store)).toBeGreaterThan(Date.now() + 100_000);

    await other.destroy('a');
    expect(await store.get('a')).toBeDefined();
    backend.tell();
    expect(await store.get('a')).toBeUndefined();
  });

  it('that is told while a read is under way keeps its answer out', async () => {
    const { backend, store, other } = await caching();
    const b = insertOf('b', { n: 0 });
    backend.applyWrite(b);
    const told = backend.announced;
    backend.beforeReply = () => {
      backend.beforeReply = undefined;
      backend.rows.delete('a');
      told.push({ name: recordName('a'), by: 'another' });
      backend.tell();
    };
    expect(await sessionOf(store, 'a')).toEqual({ n: 0 });
    expect(await store.get('a')).toBeUndefined();
    await other.close();
  });

  it('during a write of this process keeps what this wrote out', async () => {
    const { backend, store } = await caching();
    const session = await loaded(store, 'a');
    const saved = store.set('a', Object.assign(session, { n: 1 }));
    backend.beforeEffect = () => {
      backend.beforeEffect = undefined;
      backend.announced.push({ name: recordName('a'), by: 'another' });
      backend.tell();
    };
    await saved;
    await store.get('a');
    expect(backend.reads()).toBe(2);
  });

  it('is never lost, nor undone, by what was stale', async () => {
    const backend = new WatchedBackend();
    const stores = [0, 1].map(() => new SessionStore(backend, { cache: {} }));
    const [one, two] = stores as [SessionStore, SessionStore];
    await one.set('a', made(one, 'a', { n: 0, list: {} }));
    await two.length();
    backend.vouch();
    for (let i = 0; i < 100; i++) {
      // Nothing is told: each knows only what it has met itself.
      await Promise.all(stores.map((store) => store.update('a', counted)));
      const [mine, theirs] = await Promise.all(stores.map((store) => loaded(store, 'a')));
      await Promise.all([
        one.set('a', Object.assign(mine as object, { [`one${i % 7}`]: i }) as never),
        two.set('a', Object.assign(theirs as object, { [`two${i % 7}`]: i }) as never),
      ]);
      backend.vouch();
    }
    backend.lose();
    const found = await sessionOf(one, 'a');
    expect(found).toMatchObject({ n: 200, one1: 99, two1: 99, one0: 98, two0: 98 });
    expect(Object.keys(found ?? {})).toHaveLength(16);
  });

  it('that destroyed the session is not undone by a request that still had it from the cache', async () => {
    const { backend, store, other } = await caching();
    await store.get('a');
    await other.destroy('a');
    const stale = await loaded(store, 'a');
    const dropped: unknown[] = [];
    store.on('dropped', (event) => dropped.push(event));
    await store.set('a', Object.assign(stale, { n: 5 }));
    expect(dropped).toHaveLength(1);
    expect(backend.rows.size).toBe(0);
    expect(await store.get('a')).toBeUndefined();
  });
});

describe('a change by this process', () => {
  it('is seen by its next get, without a call, and its own announcement changes nothing', async () => {
    const { backend, store } = await caching();
    await store.set('b', made(store, 'b', { n: 0 }));
    for (let n = 1; n <= 3; n++) {
      const session = await loaded(store, 'b');
      await store.set('b', Object.assign(session, { n }));
      expect(await sessionOf(store, 'b')).toEqual({ n });
      backend.tell();
    }
    await store.touch('b', await loaded(store, 'b'));
    expect(await sessionOf(store, 'b')).toEqual({ n: 3 });
    expect(backend.reads()).toBe(0);
    await store.destroy('b');
    expect(await store.get('b')).toBeUndefined();
  });

  it('shows its new expiry, which is never later than the stored one', async () => {
    const { backend, store } = await caching();
    const session = await loaded(store, 'a');
    session.cookie.maxAge = 600_000;
    await store.touch('a', session);
    const shown = await expiryShown(store);
    const { expiresAt } = backend.rows.get('a') ?? { expiresAt: 0 };
    expect(shown).toBeLessThanOrEqual(expiresAt);
    expect(shown).toBeGreaterThan(expiresAt - 1_000);
  });

  it('with an unknown outcome keeps the session out, also when it takes effect later', async () => {
    const { backend, store } = await caching({}, { operationTimeout: 50 });
    await store.get('a');
    backend.fates.push('arrive late');
    await expect(store.destroy('a')).rejects.toMatchObject({ code: 'TIMEOUT' });
    // It has not taken effect yet: what is read is kept, and true.
    expect(await sessionOf(store, 'a')).toEqual({ n: 0 });
    backend.deliverLate();
    backend.tell();
    expect(await store.get('a')).toBeUndefined();
  });

  it('that failed for one item counts as unknown for it', async () => {
    const { backend, store } = await caching();
    await store.get('a');
    backend.failingIds.add('a');
    await expect(store.destroy('a')).rejects.toMatchObject({ code: 'BACKEND_FAILED' });
    backend.failingIds.clear();
    await store.get('a');
    backend.rows.delete('a');
    backend.tell();
    expect(await store.get('a')).toBeUndefined();
  });

  it('whose reply was lost is not shown as it was before', async () => {
    const { backend, store } = await caching();
    await store.get('a');
    backend.fates.push('lose reply');
    await expect(store.destroy('a')).rejects.toThrow();
    expect(await store.get('a')).toBeUndefined();
  });

  it('clears the cache with the sessions', async () => {
    const { store } = await caching();
    await store.get('a');
    await store.clear();
    expect(await store.get('a')).toBeUndefined();
  });
});

describe('the option cache', () => {
  it('with maxEntries 0 keeps nothing and listens to nothing, but announces', async () => {
    const { backend, other } = await caching();
    await other.get('a');
    await other.get('a');
    expect(backend.reads()).toBe(2);
    expect(backend.listeners).toHaveLength(1);
    await other.destroy('a');
    expect(backend.announced).toEqual([{ name: recordName('a'), by: expect.any(String) }]);
  });

  it('announces no id', async () => {
    const { backend, store } = await caching();
    await store.set('a secret id', made(store, 'a secret id', {}));
    await store.destroy('a secret id');
    expect(JSON.stringify(backend.announced)).not.toContain('secret');
    expect(backend.announced.map(({ name }) => name)).toEqual(Array(2).fill(recordName('a secret id')));
  });

  it('keeps encrypted sessions, with hashed ids', async () => {
    const { backend, store } = await caching(
      {},
      { encryptionKeys: randomBytes(32), hashIds: randomBytes(32) },
    );
    await store.set('b', made(store, 'b', { user: 'ann' }));
    await store.touch('b', await loaded(store, 'b'));
    expect(await sessionOf(store, 'b')).toEqual({ user: 'ann' });
    expect(backend.reads()).toBe(0);
    backend.lose();
    backend.vouch();
    expect(await sessionOf(store, 'b')).toEqual({ user: 'ann' });
    expect(await sessionOf(store, 'b')).toEqual({ user: 'ann' });
    expect(backend.reads()).toBe(1);
    expect(backend.rows.get(store.storedId('b'))?.data).toMatch(/^encrypted:/);
  });

  it('ends its watch with the store', async () => {
    const { backend, store } = await caching();
    await store.close();
    expect(backend.listeners).toEqual([]);
  });

  it.for([
    [true, /'cache' must be an object/],
    [{ maxEntries: -1 }, /'cache.maxEntries' must be/],
    [{ maxEntries: 1.5 }, /'cache.maxEntries' must be/],
    [{ maxAge: 0 }, /'cache.maxAge' must be/],
    [{ maxAge: '1' }, /'cache.maxAge' must be/],
    [{ ttl: 5 }, /unknown option 'ttl'; known are maxEntries, maxAge/],
  ] as const)('%j is refused', ([cache, message]) => {
    expect(() => new SessionStore(new WatchedBackend(), { cache } as never)).toThrow(message);
  });

  it('is refused where the storage cannot tell what others change', () => {
    expect(() => new SessionStore(new LossyBackend(), { cache: {} })).toThrow(
      /SessionStore: leave out option 'cache'.*lossy.*other processes/,
    );
  });
});
