import type { CheckResult, Level, Outcome } from '../suite/check.js';

/** One run of the suite over one store, as all forms of its report tell it. */
export interface Report {
  readonly version: string;
  readonly subject: string;
  readonly module: string;
  readonly startedAt: Date;
  /** Ms. */
  readonly duration: number;
  /** How many checks were to run; fewer results than that: the run was interrupted. */
  readonly planned: number;
  /** The levels of which no check may fail. */
  readonly mustPass: readonly Level[];
  readonly results: readonly CheckResult[];
}

export function count(results: readonly CheckResult[], outcome: Outcome, level?: Level): number {
  return results.filter(
    (result) => result.outcome === outcome && (level === undefined || result.check.level === level),
  ).length;
}

export function isInterrupted(report: Report): boolean {
  return report.results.length < report.planned;
}

/** The failures that make the command fail. */
export function decisive(report: Report): CheckResult[] {
  return report.results.filter(
    ({ outcome, check }) => outcome === 'failed' && report.mustPass.includes(check.level),
  );
}

/** The results by area, in the order in which the areas came. */
export function byArea(results: readonly CheckResult[]): Map<string, CheckResult[]> {
  return Map.groupBy(results, ({ check }) => check.area);
}
