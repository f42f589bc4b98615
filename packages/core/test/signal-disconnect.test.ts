import { SessionStore, type SessionStoreOptions } from '@session-stores/core';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { type Fate, LossyBackend } from './lossy-backend.js';

/** A store that signals, over a storage whose fate the test decides, with a clock that the test moves. */
function signalling(options: SessionStoreOptions = { signalDisconnect: true }) {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  onTestFinished(() => void vi.useRealTimers());
  const backend = new LossyBackend();
  const store = new SessionStore(backend, { sweepInterval: 0, ...options });
  const signals: string[] = [];
  store.on('disconnect', ({ error }) => signals.push(`disconnect: ${(error as { code?: string }).code}`));
  store.on('connect', ({ milliseconds }) => signals.push(`connect after ${typeof milliseconds}`));
  /** So many ms later, a step at a time, so that what a probe hears comes to its ears. */
  const pass = async (milliseconds: number): Promise<void> => {
    for (let left = milliseconds; left > 0; left -= 50) {
      vi.advanceTimersByTime(50);
      for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
    }
  };
  let asked = 0;
  const set = (fate: Fate): void => {
    backend.fate = () => {
      asked += 1;
      return fate;
    };
  };
  const get = (id = 'a'): Promise<string> =>
    store.get(id).then(
      () => 'answered',
      (error) => error.code,
    );
  return { store, signals, pass, set, get, asked: () => asked };
}

describe('with signalDisconnect, a store', () => {
  it('signals an outage that lasts, and its end, of which no request tells it', async () => {
    const { signals, pass, set, get, asked } = signalling();
    set('lose request');
    expect(await get()).toBe('BACKEND_UNAVAILABLE');
    expect(signals).toEqual([]);
    await pass(2_000);
    expect(signals).toEqual(['disconnect: BACKEND_UNAVAILABLE']);
    await pass(60_000);
    const before = asked();
    set('deliver');
    await pass(10_000);
    expect(signals).toEqual(['disconnect: BACKEND_UNAVAILABLE', 'connect after number']);
    expect(asked() - before).toBe(1);
    set('lose request');
    await get();
    await pass(2_000);
    expect(signals).toHaveLength(3);
  });

  it('signals no blip: a probe, or anybody’s call, is answered', async () => {
    const { signals, pass, set, get } = signalling();
    set('lose request');
    await get();
    set('deliver');
    await pass(60_000);
    set('lose request');
    await get();
    await pass(550);
    set('deliver');
    expect(await get()).toBe('answered');
    set('lose request');
    await pass(60_000);
    expect(signals).toEqual([]);
  });

  it('signals the end as soon as anybody’s call is answered', async () => {
    const { signals, pass, set, get } = signalling();
    set('lose request');
    await get();
    await pass(60_000);
    set('deliver');
    const answered = get('b');
    await pass(2_000); // It waits for its turn to try.
    expect(await answered).toBe('answered');
    expect(signals).toEqual(['disconnect: BACKEND_UNAVAILABLE', 'connect after number']);
  });

  it('asks seldom while the outage lasts, with one read at a time', async () => {
    const { pass, set, get, asked } = signalling();
    set('lose request');
    await Promise.all(Array.from({ length: 50 }, (_, index) => get(`${index}`)));
    await pass(20_000);
    const before = asked();
    await pass(600_000);
    expect(asked() - before).toBeGreaterThan(55);
    expect(asked() - before).toBeLessThan(125);
  });

  it('gives up a probe that nobody answers', async () => {
    const { signals, pass, set, get } = signalling({ signalDisconnect: true, operationTimeout: 300 });
    set('hang');
    const asked = get();
    await pass(3_000);
    expect(await asked).toBe('TIMEOUT');
    expect(signals).toEqual(['disconnect: TIMEOUT']);
    set('deliver');
    await pass(10_000);
    expect(signals).toHaveLength(2);
  });

  it('takes a storage that refuses for good as there: requests are to hear what is wrong', async () => {
    const { signals, pass, set, get, asked } = signalling();
    set('fail for good');
    expect(await get()).toBe('BACKEND_FAILED');
    await pass(60_000);
    expect(signals).toEqual([]);
    expect(asked()).toBe(1);
    set('lose request');
    await get();
    await pass(60_000);
    set('fail for good');
    await pass(10_000);
    expect(signals).toEqual(['disconnect: BACKEND_UNAVAILABLE', 'connect after number']);
  });

  it('asks and signals no more when it is closed', async () => {
    const { store, signals, pass, set, get, asked } = signalling();
    set('lose request');
    await get();
    await store.close();
    const before = asked();
    await pass(60_000);
    expect(signals).toEqual([]);
    expect(asked()).toBe(before);
  });

  it('keeps no process alive that waits for nothing else', async () => {
    const { store, set, get } = signalling();
    set('lose request');
    const timers = vi.spyOn(globalThis, 'setTimeout');
    onTestFinished(() => timers.mockRestore());
    await get();
    const made = timers.mock.results.map(({ value }) => value as NodeJS.Timeout);
    expect(made.length).toBeGreaterThan(0);
    expect(made.filter((timer) => timer.hasRef())).toEqual([]);
    await store.close();
  });
});

it('without signalDisconnect a store asks and signals nothing', async () => {
  const { signals, pass, set, get, asked } = signalling({});
  set('lose request');
  await get();
  await pass(60_000);
  expect(signals).toEqual([]);
  expect(asked()).toBe(1);
});
