import {
  type Check,
  type CheckResult,
  checkSessionStore,
  checks,
  type Subject,
} from '@session-stores/test-harness';
import { describe, expect, it } from 'vitest';
import { describeWithServer } from '../src/servers/needs.js';
import { concurrencyMutants } from './mutants/concurrency-mutants.js';
import { dataMutants } from './mutants/data-mutants.js';
import { destroyMutants } from './mutants/destroy-mutants.js';
import { expiryMutants } from './mutants/expiry-mutants.js';
import { expressMutants } from './mutants/express-mutants.js';
import { failureMutants } from './mutants/failure-mutants.js';
import { idsMutants } from './mutants/ids-mutants.js';
import { interfaceMutants } from './mutants/interface-mutants.js';
import { isolationMutants } from './mutants/isolation-mutants.js';
import type { Mutant } from './mutants/mutant.js';
import { resurrectionMutants } from './mutants/resurrection-mutants.js';
import { retryMutants } from './mutants/retry-mutants.js';

/** Ms: each check has a limit of its own, which is shorter. */
const timeout = 300_000;

const mutants: Readonly<Record<string, Mutant>> = {
  ...interfaceMutants,
  ...destroyMutants,
  ...failureMutants,
  ...retryMutants,
  ...resurrectionMutants,
  ...concurrencyMutants,
  ...expiryMutants,
  ...dataMutants,
  ...idsMutants,
  ...isolationMutants,
  ...expressMutants,
};

describe('every check', () => {
  it('has a mutant, and every mutant a check', () => {
    expect(Object.keys(mutants).sort()).toEqual(checks.map(({ id }) => id).sort());
  });
});

describe('mutants in memory', () => {
  for (const check of checks) if (mutants[check.id]?.server === undefined) register(it, check, '');
});

describeWithServer('redis', 'mutants in Redis', (url) => {
  for (const check of checks) {
    if (mutants[check.id]?.server !== 'redis') continue;
    // Most of them wait for a network; processes compute.
    register(check.needs.includes('processes') ? it : it.concurrent, check, url);
  }
});

type Test = (name: string, options: { timeout: number }, body: () => Promise<void>) => void;

function register(test: Test, check: Check, url: string): void {
  const mutant = mutants[check.id];
  if (mutant === undefined) return;
  test(`${check.id} finds the store that ${mutant.how}`, { timeout }, async () => {
    const { outcome, reason } = await resultOf(check, mutant.broken(url));
    expect([outcome, reason]).toEqual(['failed', expect.stringMatching(mutant.says)]);
  });
  test(`${check.id} passes where nothing is broken`, { timeout }, async () => {
    const { outcome, reason } = await resultOf(check, mutant.good(url));
    expect([outcome, reason]).toEqual(['passed', undefined]);
  });
}

async function resultOf(check: Check, subject: Subject): Promise<CheckResult> {
  for await (const result of checkSessionStore(subject, { checks: [check] })) return result;
  throw new Error('there was no result');
}
