import { checkMembers, checkNames, checkWholeNumber } from '../arguments.js';
import {
  type Area,
  areas as allAreas,
  levels as allLevels,
  type Check,
  type CheckResult,
  type Level,
} from './check.js';
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

/** What `chosen` chooses; throws a `TypeError` where that is nothing, or an option says what there is not. */
export function checkedChoice(options: CheckOptions, more: Readonly<Record<string, true>> = {}): Check[] {
  checkMembers('the options of the suite', options, { areas: true, levels: true, checks: true, ...more });
  checkNames('the option areas', options.areas, allAreas);
  checkNames('the option levels', options.levels, allLevels);
  const left = chosen(options);
  if (left.length === 0)
    throw new TypeError('the options leave no check of the suite: name more areas or levels');
  return left;
}

/**
 * Holds a store against the suite: yields one result a check, as each ends. Throws a `TypeError` where the subject is none, or
 * an option is wrong.
 *
 * A check never ends the iteration: what it throws, what it lets go uncaught and the end of its time are its failure.
 */
export async function* checkSessionStore(
  subjectLike: SubjectLike,
  options: CheckOptions = {},
): AsyncGenerator<CheckResult, void, void> {
  const subject = subjectFrom(subjectLike);
  const { concurrency = 1 } = options;
  const waiting = checkedChoice(options, { signal: true, concurrency: true });
  checkWholeNumber('the option concurrency', concurrency, 1, Number.MAX_SAFE_INTEGER);
  const running = new Map<Check, Promise<CheckResult>>();
  while (true) {
    while (running.size < concurrency && !options.signal?.aborted) {
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
