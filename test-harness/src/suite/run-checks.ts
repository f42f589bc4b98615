import type { Area, Check, CheckResult, Level } from './check.js';
import { checks as allChecks } from './checks/index.js';
import { runCheck } from './run-check.js';
import { type SubjectLike, subjectFrom } from './subject.js';

export interface CheckOptions {
  /** Only these areas. */
  readonly areas?: readonly Area[] | undefined;
  /** Only these levels. */
  readonly levels?: readonly Level[] | undefined;
  /** The checks to choose from; the whole suite unless told. */
  readonly checks?: readonly Check[] | undefined;
  /** Ends the run early: checks that have begun are finished, no other begins. */
  readonly signal?: AbortSignal | undefined;
  /** How many checks run at once; 1 unless told. Each has its own stores either way. */
  readonly concurrency?: number | undefined;
}

/** The checks that the options leave. */
export function chosen({ areas, levels, checks = allChecks }: CheckOptions): Check[] {
  return checks.filter(
    (check) =>
      (areas === undefined || areas.includes(check.area)) &&
      (levels === undefined || levels.includes(check.level)),
  );
}

/**
 * Holds a store against the suite: yields one result a check, as each ends. Throws a `TypeError` where the subject is none.
 *
 * A check never ends the iteration: what it throws, what it lets go uncaught and the end of its time are its failure.
 */
export async function* checkSessionStore(
  subjectLike: SubjectLike,
  options: CheckOptions = {},
): AsyncGenerator<CheckResult, void, void> {
  const subject = subjectFrom(subjectLike);
  const waiting = chosen(options);
  const running = new Map<Check, Promise<CheckResult>>();
  while (true) {
    while (running.size < (options.concurrency ?? 1) && !options.signal?.aborted) {
      const check = waiting.shift();
      if (check === undefined) break;
      running.set(check, runCheck(check, subject));
    }
    if (running.size === 0) return;
    const result = await Promise.race(running.values());
    running.delete(result.check);
    yield result;
  }
}
