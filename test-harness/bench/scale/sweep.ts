import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { type RecordWrite, type SessionBackend, SessionStore } from '@session-stores/core';
import { sessionData } from '../../dist/bench/session-data.js';
import type { Population } from './population.ts';

/** Ms that requests and the event loop were held up. */
export interface Pace {
  readonly p50: number;
  readonly p99: number;
  /** The longest that the event loop was held up. */
  readonly longestPause: number;
}

export interface SweepFigures {
  readonly swept: number;
  readonly seconds: number;
  readonly before: Pace;
  readonly meanwhile: Pace;
}

/** Ms between two reads. */
const interval = 2;

/** Ms for what was written for this to get to the disk. */
const settling = 10_000;

/** Ms that those live which do not expire. */
const dayLong = 24 * 3_600_000;

/**
 * Puts so many expired records beside the population, among as many that live, as those that nobody came back to lie among the
 * others; and reads the population at a steady pace without and with the sweeper at work.
 */
export async function sweepBeside(
  population: Population,
  count: number,
  bytes: number,
): Promise<SweepFigures | undefined> {
  const { backend } = population;
  if (backend.prune === undefined) return undefined;
  await addExpired(backend, count, bytes);
  await delay(settling);
  let isOver = false;
  const before = await paceOf(population, async () => delay(3_000));
  let swept = 0;
  const began = performance.now();
  const meanwhile = await paceOf(population, async () => {
    const counted = counting(backend, (deleted, limit) => {
      swept += deleted;
      isOver = deleted < limit;
    });
    const sweeping = new SessionStore(counted, { sweepInterval: 1 });
    while (!isOver) await delay(1);
    await sweeping.close();
  });
  return { swept, seconds: (performance.now() - began) / 1000, before, meanwhile };
}

/** Lets them all expire in the same moment: a backend may delete what has expired at the next insert. */
async function addExpired(backend: SessionBackend, count: number, bytes: number): Promise<void> {
  const size = 256;
  const end = Date.now() + 5_000 + count / 2;
  const signal = AbortSignal.timeout(3_600_000);
  const data = JSON.stringify({ cookie: { originalMaxAge: 1 }, ...sessionData(bytes, 0) });
  for (let from = 0; from < count; from += size) {
    const expiring = { in: Math.max(1, end - Date.now()), exact: true };
    const batch = Array.from({ length: 2 * Math.min(size, count - from) }, (_, index): RecordWrite => {
      const number = 2 * from + index;
      // As ids are random, those of one batch are all over an index of ids.
      const name = `${Math.imul(number, 2_654_435_761) >>> 0}-beside-${number}`.padEnd(32, 'x');
      return {
        id: name,
        data,
        birth: 'beside',
        revision: 'beside',
        expiry: index % 2 === 0 ? expiring : { in: dayLong, exact: true },
        expect: 'absent',
      };
    });
    await backend.write(batch, { signal });
  }
  await delay(Math.max(20, end + 20 - Date.now()));
}

/** Reads one session after the other at a steady pace while `work` is under way. */
async function paceOf(population: Population, work: () => Promise<unknown>): Promise<Pace> {
  const latencies: number[] = [];
  let isOver = false;
  const monitor = monitorEventLoopDelay({ resolution: 1 });
  const reading = (async () => {
    let due = performance.now();
    while (!isOver) {
      due = Math.max(due + interval, performance.now() - 10 * interval);
      await delay(Math.max(0, due - performance.now()));
      const began = performance.now();
      const [place] = population.sample(1);
      await population.get(place as number);
      latencies.push(performance.now() - began);
    }
  })();
  monitor.enable();
  await work();
  monitor.disable();
  isOver = true;
  await reading;
  latencies.sort((a, b) => a - b);
  const at = (part: number): number => latencies[Math.floor(part * (latencies.length - 1))] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99), longestPause: monitor.max / 1e6 };
}

/** The same backend, which tells how many records each call of `prune` has deleted. */
function counting(backend: SessionBackend, tell: (deleted: number, limit: number) => void): SessionBackend {
  return new Proxy(backend, {
    get(target, name) {
      const value = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      if (name === 'close') return async () => {};
      if (name !== 'prune') return value.bind(target);
      return async (...args: unknown[]) => {
        const deleted = (await value.apply(target, args)) as number;
        tell(deleted, args[0] as number);
        return deleted;
      };
    },
  });
}
