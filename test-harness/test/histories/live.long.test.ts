import { join } from 'node:path';
import { SqliteStore } from '@session-stores/sqlite';
import type { Subject } from '@session-stores/test-harness';
import { describe, expect, it, onTestFinished } from 'vitest';
// Compiled, because other processes run it too.
import { type LiveOptions, liveHistories } from '../../dist/histories/live/live-histories.js';
import type { LiveReport } from '../../dist/histories/live/live-report.js';
import { RunningTrial } from '../../dist/suite/running-trial.js';
import { describeWithServer } from '../../src/servers/needs.js';
import { concurrencyMutants } from '../mutants/concurrency-mutants.js';
import { dataMutants } from '../mutants/data-mutants.js';
import { destroyMutants } from '../mutants/destroy-mutants.js';
import type { Mutant } from '../mutants/mutant.js';
import { resurrectionMutants } from '../mutants/resurrection-mutants.js';

const timeout = 120_000;

async function historiesOf(subject: Subject, options: Partial<LiveOptions> = {}): Promise<LiveReport> {
  const trial = await RunningTrial.prepare(subject);
  onTestFinished(() => trial.close());
  return liveHistories(trial, { seed: 1, duration: 30_000, rounds: 40, ...options });
}

/**
 * Enough rounds for the mutant that is found least often, in one round of 14 on average: a run ends with the first violation,
 * so the others cost no more by it.
 */
const untilFound = { rounds: 1_000, duration: 100_000 };

/** Mutants that break what the model says of sessions, of each way to be broken one. */
const found: Readonly<Record<string, Mutant | undefined>> = Object.fromEntries(
  [
    'resurrection/held',
    'resurrection/held-touch',
    'resurrection/save-in-flight',
    'resurrection/other-store',
    'resurrection/plain-object',
    'resurrection/thousand-logouts',
    'resurrection/id-given-again',
    'concurrency/three-requests',
    'concurrency/same-key',
    'concurrency/deleted-key',
    'concurrency/plain-object',
    'concurrency/order-of-sets',
    'concurrency/order-of-destroys',
    'concurrency/update',
    'concurrency/counter',
    'concurrency/counter-of-stores',
    'destroy/data-gone',
    'destroy/new-session',
    'data/copy',
  ].map((id) => [
    id,
    { ...resurrectionMutants, ...concurrencyMutants, ...destroyMutants, ...dataMutants }[id],
  ]),
);

describe('histories of random clients', { timeout }, () => {
  it.for(Object.entries(found))('of the mutant of %s have no order', async ([, mutant]) => {
    if (mutant === undefined) throw new Error('there is no such mutant');
    const { verdict, violations } = await historiesOf(mutant.broken(''), untilFound);
    expect(verdict, mutant.how).toBe('wrong');
    for (const { violation, history } of violations) {
      expect(violation.operations.length).toBeGreaterThan(0);
      expect(violation.operations.length).toBeLessThan(history.length);
    }
  });

  it('of the stores that those are made from have one', async () => {
    const report = await historiesOf(concurrencyMutants['concurrency/counter']?.good('') as Subject);
    expect([report.verdict, report.rounds, report.unanswered]).toEqual(['right', 40, 0]);
  });

  it('of two SqliteStores on one file have one', async () => {
    const subject: Subject = {
      name: 'SqliteStore',
      create: ({ directory }) => new SqliteStore({ path: join(directory, 'sessions.db') }),
      supports: { shared: true },
    };
    const report = await historiesOf(subject, { rounds: 20 });
    expect([report.verdict, report.stores, report.rounds]).toEqual(['right', 2, 20]);
  });

  it('are undecided, and not right, where the search is stopped or nothing was done', async () => {
    const good = concurrencyMutants['concurrency/counter']?.good('') as Subject;
    const stopped = await historiesOf(good, { rounds: 2, maxSteps: 3 });
    expect(stopped.verdict).toBe('undecided');
    expect(stopped.undecided).toContain('s1.1');
    expect((await historiesOf(good, { duration: 0 })).verdict).toBe('undecided');
  });
});

describeWithServer('redis', 'histories of RetryingRedisStore', (url) => {
  const mutant = resurrectionMutants['resurrection/other-process-saves'] as Mutant;

  it('in three processes, through a network that fails, have one', { timeout }, async () => {
    const report = await historiesOf(mutant.good(url), { rounds: 15, seed: 3 });
    expect([report.verdict, report.processes, report.rounds]).toEqual(['right', 3, 15]);
    expect(report.networkFaults).toBeGreaterThan(4);
  });

  it('have none where another process saves whether or not a session was destroyed', {
    timeout,
  }, async () => {
    expect((await historiesOf(mutant.broken(url), untilFound)).verdict).toBe('wrong');
  });
});
