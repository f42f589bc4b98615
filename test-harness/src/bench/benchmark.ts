import { availableParallelism, cpus, release, type } from 'node:os';
import { checkNames, checkNumber, checkWholeNumber } from '../arguments.js';
import { measureApplications } from './application-rounds.js';
import { operations as allOperations, type Contestant } from './contestant.js';
import { Field } from './field.js';
import type { BenchmarkReport, Plan } from './report.js';
import { measureOperations } from './rounds.js';

export interface BenchmarkOptions extends Plan {
  /** Measure a whole application, too, with so many connections; 0: not. */
  readonly applicationConnections: number;
  /** Told what is being measured, and how much of all is done, from 0 to 1. */
  readonly onProgress?: ((what: string, done: number) => void) | undefined;
  /** Ends the rounds early: the report is of those that were complete. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Measures the contestants against each other. They take turns, stretch by stretch, so that whatever else the machine does
 * slows all of them alike. A contestant that fails is out, and the report says why. Rejects with a `TypeError` where there is
 * nothing to measure, or a number is wrong.
 */
export async function runBenchmark(
  contestants: readonly Contestant[],
  options: BenchmarkOptions,
): Promise<BenchmarkReport> {
  checkPlan(contestants, options);
  const startedAt = new Date();
  const began = performance.now();
  const { rounds, milliseconds, operations, conditions } = options;
  const field = await Field.gather(contestants);
  try {
    const results = await measureOperations(field, options);
    const application = options.applicationConnections === 0 ? [] : await measureApplications(field, options);
    return {
      startedAt: startedAt.toISOString(),
      duration: Math.round(performance.now() - began),
      machine: {
        processor: cpus()[0]?.model.trim() ?? 'unknown',
        cores: availableParallelism(),
        system: `${type()} ${release().split('.', 2).join('.')}`,
        node: process.version,
      },
      plan: { rounds, milliseconds, operations, conditions },
      contestants: contestants.map(({ title, group, role }) => ({ title, group, role })),
      results,
      application,
      failures: field.failures,
    };
  } finally {
    await field.disband();
  }
}

function checkPlan(contestants: readonly Contestant[], options: BenchmarkOptions): void {
  const { rounds, milliseconds, operations, conditions, applicationConnections } = options;
  if (contestants.length === 0) throw new TypeError('a benchmark has to have a contestant');
  checkWholeNumber('the option rounds', rounds, 1, 1_000_000);
  checkNumber('the option milliseconds', milliseconds, 1, 2 ** 31 - 1);
  checkNames('the option operations', operations ?? null, allOperations);
  checkWholeNumber('the option applicationConnections', applicationConnections, 0, 100_000);
  for (const { inFlight, size } of conditions) {
    checkWholeNumber('inFlight of a condition', inFlight, 1, 1_000_000);
    checkWholeNumber('size of a condition', size, 1, 2 ** 29);
  }
}
