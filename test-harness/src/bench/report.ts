import type { Condition, Measurement, Operation, Role } from './contestant.js';

/** A benchmark's outcome, as all of its forms tell it; JSON as it is. */
export interface BenchmarkReport {
  readonly startedAt: string;
  /** Ms. */
  readonly duration: number;
  readonly machine: Machine;
  readonly plan: Plan;
  readonly contestants: readonly { readonly title: string; readonly group: string; readonly role: Role }[];
  readonly results: readonly Result[];
  readonly application: readonly ApplicationResult[];
  /** Contestants that failed, and why: they are out from then on. */
  readonly failures: readonly { readonly title: string; readonly reason: string }[];
}

export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly system: string;
  readonly node: string;
}

export interface Plan {
  readonly rounds: number;
  /** Ms of one stretch. */
  readonly milliseconds: number;
  readonly operations: readonly Operation[];
  readonly conditions: readonly Condition[];
}

/** Medians, and the rounds that they are of. */
export interface Result extends Condition, Measurement {
  readonly title: string;
  readonly operation: Operation;
  readonly rounds: readonly Measurement[];
}

export const requests = ['login', 'visit', 'change', 'logout'] as const;

/** `visit` reads a session and touches it, `change` reads and saves it. */
export type RequestKind = (typeof requests)[number];

export interface ApplicationResult extends Measurement {
  readonly title: string;
  readonly request: RequestKind;
  readonly connections: number;
  readonly rounds: readonly Measurement[];
}

/** The medians of some rounds. */
export function mediansOf(rounds: readonly Measurement[]): Measurement {
  const cpus = rounds.flatMap(({ cpu }) => (cpu === undefined ? [] : [cpu]));
  return {
    perSecond: median(rounds.map(({ perSecond }) => perSecond)),
    p50: median(rounds.map(({ p50 }) => p50)),
    p99: median(rounds.map(({ p99 }) => p99)),
    cpu: cpus.length === 0 ? undefined : median(cpus),
  };
}

/**
 * How many times as fast `one` was as `other`: the median of what each round says, because a round has both shortly after each
 * other, and what the machine was busy with has slowed both.
 */
export function ratioOf(one: readonly Measurement[], other: readonly Measurement[]): number {
  const rounds = Math.min(one.length, other.length);
  return median(
    Array.from(
      { length: rounds },
      (_, round) => (one[round]?.perSecond ?? 0) / (other[round]?.perSecond ?? 0),
    ),
  );
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}
