import { SessionStoreError } from '@session-stores/core';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { Routes } from '../src/batch.js';
import { Breaker, type Turn } from '../src/breaker.js';
import { SlowStart, Throughput } from '../src/slow-start.js';

const failure = new SessionStoreError('TIMEOUT', 'no answer in time', { cause: new Error('ECONNREFUSED') });

/** A breaker on a clock that the test moves, with no jitter: each pause is the longest that it can be. */
function onFakeClock() {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  vi.spyOn(Math, 'random').mockReturnValue(1);
  onTestFinished(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });
  const told: string[] = [];
  const breaker = new Breaker('shop', {
    opened: (failures) => told.push(`opened ${failures}`),
    closed: (milliseconds) => told.push(`closed ${milliseconds}`),
  });
  const fail = (times = 1) => {
    for (let i = 0; i < times; i++) {
      breaker.failed(failure, breaker.term);
    }
  };
  /** A turn that waits, with what has become of it. */
  const waits = (wanted: number) => {
    const waiting: { turn?: Turn; error?: unknown } = {};
    breaker.turn(wanted).then(
      (turn) => Object.assign(waiting, { turn }),
      (error: unknown) => Object.assign(waiting, { error }),
    );
    return waiting;
  };
  const after = (milliseconds: number) => vi.advanceTimersByTimeAsync(milliseconds);
  return { breaker, told, fail, waits, after };
}

describe('a breaker', () => {
  let { breaker, told, fail, waits, after } = {} as ReturnType<typeof onFakeClock>;
  beforeEach(() => {
    ({ breaker, told, fail, waits, after } = onFakeClock());
  });

  it('opens at five failures in a row, and not where there was an answer between', () => {
    fail(4);
    breaker.succeeded(1);
    fail(4);
    expect(breaker.isClosed).toBe(true);
    fail();
    expect(breaker.isClosed).toBe(false);
    expect(told).toEqual(['opened 5']);
  });

  it('lets one item through after a pause, and nobody else before that is answered', async () => {
    fail(5);
    const [probe, other] = [waits(512), waits(512)];
    await after(99);
    expect([probe, other]).toEqual([{}, {}]);
    await after(1);
    expect([probe.turn?.items, other]).toEqual([1, {}]);
    await after(60_000);
    expect(other).toEqual({});
  });

  it('fails what waits with the probe, telling why, and pauses twice as long after each, to a second', async () => {
    fail(5);
    for (const pause of [100, 200, 400, 800, 1000, 1000]) {
      const [probe, other] = [waits(1), waits(1)];
      await after(pause - 1);
      expect(probe).toEqual({});
      await after(1);
      const refusal = breaker.failed(failure, probe.turn?.term as number);
      await after(0);
      expect(other.error).toBe(refusal);
      expect(refusal).toMatchObject({
        code: 'BACKEND_UNAVAILABLE',
        cause: { message: 'ECONNREFUSED' },
        message: expect.stringContaining('shop: not asked'),
      });
    }
    expect(told).toEqual(['opened 5']);
  });

  it('spreads the pauses of processes at random', async () => {
    vi.mocked(Math.random).mockReturnValue(0);
    fail(5);
    const probe = waits(1);
    await after(50);
    expect(probe.turn).toBeDefined();
  });

  it('hands the probe on when its turn has nothing left to send', async () => {
    fail(5);
    const [probe, other] = [waits(1), waits(1)];
    await after(100);
    breaker.forgo(probe.turn?.term as number);
    await after(0);
    expect(other.turn?.items).toBe(1);
  });

  it('closes at the first answer, and opens again at the first failure of what goes out then', async () => {
    fail(5);
    const probe = waits(1);
    await after(100);
    breaker.succeeded(1);
    expect(told).toEqual(['opened 5', 'closed 100']);
    await after(20);
    const next = waits(1);
    await after(0);
    expect(next.turn).toBeDefined();
    breaker.failed(failure, next.turn?.term as number);
    expect(told).toEqual(['opened 5', 'closed 100', 'opened 1']);
    // Not at once again: what fails under load would be probed ten times a second.
    const again = waits(1);
    await after(199);
    expect(again).toEqual({});
    await after(1);
    expect(again.turn).toBeDefined();
    expect(probe.turn).toBeDefined();
  });

  it('heeds no failure of what went out before it opened, nor of what went out before it closed', async () => {
    const early = breaker.term;
    fail(5);
    const probe = waits(1);
    await after(100);
    breaker.failed(failure, early);
    const other = waits(1);
    await after(0);
    expect(other).toEqual({});
    breaker.succeeded(1);
    breaker.failed(failure, probe.turn?.term as number);
    expect(told).toEqual(['opened 5', 'closed 100']);
  });

  it('lets what has waited through at the rate of before, then at twice that, and in the end everything', async () => {
    for (let second = 0; second < 3; second++) {
      for (let tenth = 0; tenth < 10; tenth++) {
        breaker.succeeded(100);
        await after(100);
      }
    }
    fail(5);
    const probe = waits(1);
    await after(10_000);
    expect(probe.turn).toBeDefined();
    breaker.succeeded(1);
    const gone = [0, 0, 0, 0];
    const start = performance.now();
    while (performance.now() - start < 3995) {
      const next = waits(512);
      while (next.turn === undefined) {
        await after(1);
      }
      const second = Math.floor((performance.now() - start) / 1000);
      gone[second] = (gone[second] ?? 0) + next.turn.items;
    }
    for (const [second, rate] of [1000, 2000, 4000].entries()) {
      expect(gone[second]).toBeGreaterThan(0.9 * rate);
      expect(gone[second]).toBeLessThanOrEqual(1.02 * rate);
    }
    await after(100);
    const last = waits(1_000_000);
    await after(0);
    expect(last.turn?.items).toBe(1_000_000);
    expect(breaker.isClosed).toBe(true);
  });

  it('has what waits fail when the store is closed', async () => {
    fail(5);
    const waiting = waits(1);
    breaker.end(failure);
    await after(0);
    expect(waiting.error).toBe(failure);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('the rate of before', () => {
  it('is that of the last second, of the last busy one after a pause, and at least 200 a second', () => {
    const throughput = new Throughput();
    expect(throughput.perSecond).toBe(200);
    for (let now = 0; now <= 2000; now += 10) {
      throughput.count(50, now);
    }
    expect(throughput.perSecond).toBe(5000);
    throughput.count(1, 60_000);
    expect(throughput.perSecond).toBe(2500);
    for (let now = 61_000; now < 80_000; now += 500) {
      throughput.count(1, now);
    }
    expect(throughput.perSecond).toBe(200);
  });

  it('is let through in few batches', () => {
    const start = new SlowStart(10_000, 0);
    expect(start.take(512, 1)).toBe(10);
    expect(start.take(512, 2)).toBe(0);
    expect(start.take(5, 2)).toBe(5);
    expect(start.take(512, 12)).toBe(105);
  });
});

describe('a batch', () => {
  /** What the batches of a queue are, and how they fail. */
  function queue(timeLimit: number, lengthOf: (item: number) => number = () => 0) {
    const batches: number[][] = [];
    const breaker = new Breaker('shop', { opened: () => {}, closed: () => {} });
    const transport = { fails: (_batch: number): boolean => false };
    const routes = new Routes<number, void>({
      routeOf: () => '',
      lengthOf,
      breakerOf: () => breaker,
      timeLimit,
      pipelines: false,
      send: async (parcels) => {
        const fails = transport.fails(batches.length);
        batches.push(parcels.map(({ item }) => item));
        for (const parcel of parcels) {
          fails ? parcel.fail(failure) : parcel.settle();
        }
        return fails ? failure : undefined;
      },
    });
    const send = (items: number) =>
      Promise.allSettled(Array.from({ length: items }, (_, i) => routes.submit(i, undefined).answer));
    return { batches, breaker, transport, send, sizes: () => batches.map(({ length }) => length) };
  }

  it('that is not answered in time is followed by half as many, and by twice as many when one is', async () => {
    // The breaker takes no part: what was over when it went out says nothing of the server.
    const { transport, send, sizes } = queue(60_000);
    transport.fails = (batch) => batch >= 1 && batch <= 4;
    await send(1 + 512 + 256 + 128 + 64 + 32 + 64 + 128 + 256 + 512 + 512);
    expect(sizes()).toEqual([1, 512, 256, 128, 64, 32, 64, 128, 256, 512, 512]);
  });

  it('has no more than 4 MiB of text, or one item', async () => {
    const { batches, send } = queue(1000, (item) => (item === 4 ? 9 : 2) * 1024 * 1024);
    await send(8);
    expect(batches).toEqual([[0], [1, 2], [3], [4], [5, 6], [7]]);
  });

  it('counts against the server if it was unanswered for long, and not if its operations were over', async () => {
    const late = queue(60_000);
    late.transport.fails = () => true;
    for (let i = 0; i < 10; i++) {
      await late.send(1);
    }
    expect(late.breaker.isClosed).toBe(true);
    const slow = queue(0);
    slow.transport.fails = () => true;
    for (let i = 0; i < 5; i++) {
      await slow.send(1);
    }
    expect(slow.breaker.isClosed).toBe(false);
  });
});
