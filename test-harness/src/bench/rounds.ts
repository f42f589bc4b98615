import type { BenchmarkOptions } from './benchmark.js';
import { type Condition, type Measurement, type Operation, operations } from './contestant.js';
import type { Field, Runner } from './field.js';
import { mediansOf, type Result } from './report.js';

/** How much shorter the stretches are that only warm up. */
const warmUp = 0.3;

/** Takes all contestants through all operations under all conditions, round after round. */
export async function measureOperations(field: Field, options: BenchmarkOptions): Promise<Result[]> {
  const collected = new Map<
    string,
    { title: string; operation: Operation; condition: Condition; rounds: Measurement[] }
  >();
  const { rounds, conditions, signal, onProgress } = options;
  // Round 0 is for warming up, and for learning how many sessions a stretch can use.
  for (let round = 0; round <= rounds; round++) {
    for (const [index, condition] of conditions.entries()) {
      if (signal?.aborted) return results();
      const where = round === 0 ? 'warming up' : `round ${round} of ${rounds}`;
      const done = (round + index / conditions.length) / (rounds + 1);
      onProgress?.(`${where}, ${condition.inFlight} in flight, ${condition.size} bytes`, done);
      await measure(round, condition);
    }
  }
  return results();

  async function measure(round: number, condition: Condition): Promise<void> {
    const timed = round === 0 ? { ...options, milliseconds: warmUp * options.milliseconds } : options;
    for (const operation of operations) {
      for (const runner of field.inTurn(round)) {
        const measurement = await stretch(field, runner, operation, condition, timed);
        if (measurement === undefined || round === 0 || !options.operations.includes(operation)) continue;
        const { title } = runner.contestant;
        const key = JSON.stringify([title, operation, condition.inFlight, condition.size]);
        if (!collected.has(key)) collected.set(key, { title, operation, condition, rounds: [] });
        collected.get(key)?.rounds.push(measurement);
      }
    }
  }

  function results(): Result[] {
    return [...collected.values()].map(({ title, operation, condition, rounds: all }) => ({
      title,
      operation,
      ...condition,
      ...mediansOf(all),
      rounds: all,
    }));
  }
}

async function stretch(
  field: Field,
  runner: Runner,
  operation: Operation,
  condition: Condition,
  { operations: asked, milliseconds }: BenchmarkOptions,
): Promise<Measurement | undefined> {
  const isAsked = asked.includes(operation);
  // Sessions are made and ended for the sake of the others.
  const isNeeded = operation === 'create' || operation === 'destroy';
  if (!isAsked && (!isNeeded || runner.contestant.role === 'limit')) return undefined;
  const load = { operation, ...condition, milliseconds };
  return field.attempt(runner, () => runner.gauge.measure(load));
}
