import type { Condition, Operation } from './contestant.js';
import { type BenchmarkReport, ratioOf } from './report.js';

/** One candidate beside the fastest of those it is compared with. */
export interface Comparison extends Condition {
  readonly candidate: string;
  readonly group: string;
  readonly operation: Operation;
  readonly against: 'peer' | 'driver';
  /** Who that is. */
  readonly other: string;
  /** How many times as fast the candidate was. */
  readonly ratio: number;
}

/** Every candidate under every condition, beside the fastest peer and beside the fastest driver. */
export function comparisonsOf(report: BenchmarkReport): Comparison[] {
  const { contestants, results } = report;
  const of = (title: string) => contestants.find((contestant) => contestant.title === title);
  return results.flatMap((mine) => {
    const candidate = of(mine.title);
    if (candidate?.role !== 'candidate') return [];
    const { operation, inFlight, size } = mine;
    return (['peer', 'driver'] as const).flatMap((against) => {
      const others = results.flatMap((other) => {
        const contestant = of(other.title);
        const isOther =
          contestant?.group === candidate.group &&
          contestant.role === against &&
          other.operation === operation &&
          other.inFlight === inFlight &&
          other.size === size;
        return isOther ? [{ other: other.title, ratio: ratioOf(mine.rounds, other.rounds) }] : [];
      });
      const [fastest] = others.sort((a, b) => a.ratio - b.ratio);
      const { title, group } = candidate;
      return fastest === undefined
        ? []
        : [{ candidate: title, group, operation, inFlight, size, against, ...fastest }];
    });
  });
}
