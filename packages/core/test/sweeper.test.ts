import { SessionStore } from '@session-stores/core';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { LossyBackend } from './lossy-backend.js';

/** A store over a backend that has so many expired records, with a clock that the test moves. */
function sweeping(expired: number, sweepInterval?: number, holdUp?: (limit: number) => void) {
  // Where nothing holds the event loop up, a machine that is busy must not seem to.
  const clocks = holdUp === undefined ? (['performance'] as const) : [];
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', ...clocks] });
  onTestFinished(() => void vi.useRealTimers());
  const limits: number[] = [];
  let left = expired;
  const backend = Object.assign(new LossyBackend(), {
    prune: async (limit: number) => {
      limits.push(limit);
      holdUp?.(limit);
      const deleted = Math.min(limit, left);
      left -= deleted;
      return deleted;
    },
  });
  const store = new SessionStore(backend, { sweepInterval });
  /** Lets the promises and immediates of what has begun run out. */
  const settled = async () => {
    for (let turn = 0; turn < 20; turn++) {
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  return { backend, store, limits, settled, left: () => left };
}

describe('the sweeper', () => {
  it('deletes expired records in bounded batches until there are no more, and again after the interval', async () => {
    const { limits, settled, left } = sweeping(2500, 10_000);
    vi.advanceTimersByTime(7_999);
    await settled();
    expect(limits).toEqual([]);
    vi.advanceTimersByTime(4_001);
    await settled();
    expect(limits).toEqual([100, 200, 400, 800, 1000, 1000]);
    expect(left()).toBe(0);
    vi.advanceTimersByTime(12_000);
    await settled();
    expect(limits).toHaveLength(7);
  });

  it('asks for no more than the event loop can be held up for, and pauses nine times as long', async () => {
    // A storage in this process that takes a tenth of a millisecond for a record.
    const held: number[] = [];
    const { limits, settled } = sweeping(1_000_000, 1000, (limit) => {
      const began = performance.now();
      while (performance.now() < began + limit / 10);
      held.push(performance.now() - began);
    });
    vi.advanceTimersByTime(1200);
    await settled();
    for (let batch = 1; batch < 8; batch++) {
      expect(limits).toHaveLength(batch);
      vi.advanceTimersByTime(Math.floor(9 * (held.at(-1) as number)) - 1);
      await settled();
      expect(limits).toHaveLength(batch);
      // On a slow machine the sweeper can have found the call longer than it was here.
      vi.advanceTimersByTime(10_000);
      await settled();
    }
    expect(limits.slice(0, 2)).toEqual([100, 50]);
    // The machine may be slow for a moment, so it is not told how small exactly.
    expect(Math.max(...limits.slice(2))).toBeLessThanOrEqual(50);
    expect(Math.min(...limits)).toBeGreaterThanOrEqual(10);
  });

  it('sweeps once a minute unless told, and never with 0', async () => {
    const usual = sweeping(1);
    vi.advanceTimersByTime(72_000);
    await usual.settled();
    expect(usual.limits).toHaveLength(1);
    const never = sweeping(1, 0);
    vi.advanceTimersByTime(86_400_000);
    await never.settled();
    expect(never.limits).toEqual([]);
  });

  it('reports a failure and goes on at the next interval', async () => {
    const { backend, store, limits, settled } = sweeping(1, 1000);
    const errors: unknown[] = [];
    store.on('storeError', ({ error }) => errors.push(error));
    const { prune } = backend;
    backend.prune = () => Promise.reject(new Error('locked'));
    vi.advanceTimersByTime(1200);
    await settled();
    expect(errors).toEqual([expect.objectContaining({ code: 'BACKEND_FAILED' })]);
    backend.prune = prune;
    vi.advanceTimersByTime(1200);
    await settled();
    expect(limits).toHaveLength(1);
  });

  it('stops with close', async () => {
    const { store, limits, settled } = sweeping(1, 1000);
    await store.close();
    vi.advanceTimersByTime(10_000);
    await settled();
    expect(limits).toEqual([]);
  });

  it('begins when a backend finds out, after it was made, that its server does not expire by itself', async () => {
    const { backend, limits, settled } = sweeping(1, 1000);
    const { prune } = backend;
    Object.assign(backend, { prune: undefined });
    vi.advanceTimersByTime(1_200);
    await settled();
    expect(limits).toEqual([]);
    Object.assign(backend, { prune });
    vi.advanceTimersByTime(1_200);
    await settled();
    expect(limits).toEqual([100]);
  });
});
