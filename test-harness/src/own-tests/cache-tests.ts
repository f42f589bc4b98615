import { type SessionBackend, SessionStore } from '@session-stores/core';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type FaultMode, startFaultProxy } from '../faults/fault-proxy.js';
import type { Address } from '../suite/subject.js';
import { Destroyer, lastRead, measureStaleReads, sharedClock } from './stale-reads.js';

/** Ms; core's README. */
export const bound = 2_000;

export const session = (fields: object = {}) =>
  ({ cookie: { originalMaxAge: 60_000 }, ...fields }) as unknown as Parameters<SessionStore['set']>[1];

/** A store with a cache over this backend; its cache is up. */
export async function caching(backend: SessionBackend) {
  const read = backend.read.bind(backend);
  let count = 0;
  backend.read = (ids, context) => {
    count++;
    return read(ids, context);
  };
  const reads = (): number => count;
  const store = new SessionStore(backend, { cache: {}, operationTimeout: 2_000 });
  onTestFinished(async () => void (await store.close()));
  await store.set('warm', session());
  await untilServed(store, reads, 'warm');
  return { store, reads };
}

/** Resolves when a session is served without a call. */
export async function untilServed(store: SessionStore, reads: () => number, id: string): Promise<void> {
  await expect
    .poll(
      async () => {
        await store.get(id).catch(() => {});
        const before = reads();
        await store.get(id).catch(() => {});
        return reads() === before;
      },
      { timeout: 20_000 },
    )
    .toBe(true);
}

/** A storage between processes, and how the tests reach it. */
export interface CachedStorage<Options extends object> {
  readonly name: string;
  server(): Address;
  /** Options for a part of the storage that nobody else uses. */
  fresh(): Options;
  /** The backend with these options, reached through the proxy where there is one. */
  open(options: Options, proxy?: Address): SessionBackend;
  /** The package, and its store. */
  readonly from: string;
  readonly Store: new (options: Options & { cache: { maxEntries: number } }) => SessionStore;
  /** The test file, from whose folder the package is found. */
  readonly url: string;
  /** How many sessions another process destroys; 1,000 unless told. */
  readonly rounds?: number;
}

/** Registers what holds for the cache of every store whose storage tells of changes by a channel. */
export function describeCache<Options extends object>(storage: CachedStorage<Options>): void {
  const { name, open, fresh, from, Store, url, rounds = 1_000 } = storage;
  /** Keeps nothing itself, and tells what it changes. */
  const telling = (options: Options) => ({ ...options, cache: { maxEntries: 0 } });

  it('shows a session that another process destroyed for some ms at the most', async () => {
    const options = fresh();
    const { store, reads } = await caching(open(options));
    const destroyer = await Destroyer.start(
      `import { ${Store.name} } from '${from}';`,
      `new ${Store.name}(${JSON.stringify(telling(options))})`,
      url,
    );
    const measured = await measureStaleReads(store, reads, destroyer, rounds);
    await destroyer.end();
    console.log(`${name}: ms from destroy to the last stale read`, measured);
    expect(measured.served).toBeGreaterThan(0.9 * rounds);
    expect(measured.longest).toBeLessThan(bound);
    expect(measured.p50).toBeLessThan(50);
  }, 180_000);

  describe.each<FaultMode>(['hang', 'silence', 'refuse', 'reset', 'cutReplies'])(
    'through a network that is: %s',
    (mode) => {
      it('shows no destroyed session beyond the bound, and is back afterwards', async () => {
        const proxy = await startFaultProxy(storage.server());
        onTestFinished(() => proxy.close());
        const options = fresh();
        const { store, reads } = await caching(open(options, proxy.address));
        const direct = new Store(telling(options));
        onTestFinished(async () => void (await direct.close()));
        await store.set('a', session());
        await untilServed(store, reads, 'a');

        await proxy.setMode(mode);
        await direct.destroy('a');
        const destroyed = sharedClock();
        expect((await lastRead(store, 'a')) - destroyed).toBeLessThan(bound);
        await proxy.setMode('pass');
        await expect.poll(() => store.get('a').catch(() => 'failed'), { timeout: 10_000 }).toBeUndefined();
        await untilServed(store, reads, 'warm');
        await direct.destroy('warm');
        const again = sharedClock();
        expect((await lastRead(store, 'warm')) - again).toBeLessThan(bound);
      }, 60_000);
    },
  );

  it('hears nothing of its own changes, and serves what it saved', async () => {
    const { store, reads } = await caching(open(fresh()));
    const before = reads();
    const rounds = 20;
    for (let n = 0; n < rounds; n++) {
      await store.update('warm', (data) => void Object.assign(data, { n }));
      await new Promise((resolve) => setTimeout(resolve, 5)); // The announcement arrives, or is on its way.
      expect(await store.get('warm')).toMatchObject({ n });
    }
    // It would be all of them; on a busy machine a beat of the channel can be late once.
    expect(reads() - before).toBeLessThan(rounds / 2);
  });
}
