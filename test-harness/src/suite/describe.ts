import { checkNames } from '../arguments.js';
import { type Check, type Need, needs } from './check.js';
import { runCheck, undeclared } from './run-check.js';
import { type CheckOptions, checkedChoice } from './run-checks.js';
import { type Subject, type SubjectLike, subjectFrom } from './subject.js';

type Body = (this: unknown, ...context: unknown[]) => Promise<void>;

/** What Vitest, Jest, Mocha and node:test have in common. */
export interface Runner {
  readonly describe: (name: string, body: () => void) => unknown;
  readonly it: ((name: string, body: Body, timeout: number) => unknown) & {
    readonly skip: (name: string, body: Body) => unknown;
  };
  /**
   * Registers a test that runs beside others, such as Vitest's `it.concurrent`: the checks that wait for networks and clocks most
   * of their time are given to it, if it is there. Those that call the store all the time never are.
   */
  readonly itAtOnce?: Runner['it'] | undefined;
  /** Goes with `itAtOnce`: the same for the areas of checks that need a network, such as Vitest's `describe.concurrent`. */
  readonly describeAtOnce?: Runner['describe'] | undefined;
}

export interface DescribeOptions extends Omit<CheckOptions, 'signal' | 'concurrency'> {
  /**
   * What the store has not, so that its checks are skipped when they are registered. Only Jest needs to be told: it alone
   * cannot skip a test that has begun, and there a check that turns out not to apply fails and says so.
   */
  readonly without?: readonly Need[] | undefined;
}

/** How the reason begins for which a check is skipped that has begun. */
export const notApplicable = 'does not apply: ';

/** Ms that a runner gives a test beyond the check's own limit, which has the better message, to close its stores. */
const GRACE = 15_000;

/**
 * Registers the suite with a test runner, a test a check: `describeSessionStore(subject, { describe, it })`. What does not
 * apply to the subject is skipped and says why. Throws a `TypeError` where the subject is none, or an option is wrong.
 */
export function describeSessionStore(
  subjectLike: SubjectLike,
  { describe, it, itAtOnce = it, describeAtOnce = describe }: Runner,
  options: DescribeOptions = {},
): void {
  const subject = subjectFrom(subjectLike);
  const selected = checkedChoice(options, { without: true });
  checkNames('the option without', options.without, needs);
  const register = (checks: readonly Check[], group: Runner['describe'], test: Runner['it']): void => {
    for (const [area, itsChecks] of Map.groupBy(checks, (check) => check.area)) {
      group(area, () => {
        for (const check of itsChecks) registerCheck(check, subject, test, options.without ?? []);
      });
    }
  };
  describe(subject.name, () => {
    const idle = selected.filter((check) => !isBusy(check));
    register(idle.filter(isLong), describeAtOnce, itAtOnce);
    register(
      idle.filter((check) => !isLong(check)),
      describe,
      itAtOnce,
    );
    register(selected.filter(isBusy), describe, it);
  });
}

/** Beside each other, no call of theirs might be answered within its time limit. */
function isBusy({ area, id }: Check): boolean {
  return area === 'concurrency' || id.includes('/thousand');
}

/** Most of these wait for a store that has to give up. */
function isLong({ needs }: Check): boolean {
  return needs.includes('network');
}

function registerCheck(check: Check, subject: Subject, it: Runner['it'], without: readonly Need[]): void {
  const lacking = check.needs.find((need) => without.includes(need));
  const why = lacking === undefined ? undeclared(check, subject.supports) : `the store has no \`${lacking}\``;
  if (why !== undefined) {
    it.skip(`${check.title} (does not apply: ${why})`, async () => {});
    return;
  }
  const timeout = (check.timeout ?? 30_000) + GRACE;
  // A body that declares a parameter would be taken for one that wants a callback (Jest, Mocha).
  const test = it(
    check.title,
    async function (this: unknown, ...[context]) {
      const { outcome, reason, error } = await runCheck(check, subject);
      if (outcome === 'passed') return;
      if (outcome === 'not applicable') skip(this, context, `${notApplicable}${reason ?? ''}`);
      else throw error;
    },
    timeout,
  );
  // Mocha takes the time limit here and ignores the third argument.
  const { timeout: setTimeout } = (test ?? {}) as { timeout?: unknown };
  if (typeof setTimeout === 'function') setTimeout.call(test, timeout);
}

/** Vitest and node:test hand the test in as an argument, Mocha as `this`. */
function skip(self: unknown, context: unknown, reason: string): void {
  for (const test of [context, self]) {
    const { skip } = (test ?? {}) as { skip?: unknown };
    if (typeof skip === 'function') {
      skip.call(test, reason);
      return;
    }
  }
  throw new Error(
    `This check does not apply: ${reason}. This test runner cannot skip a test that has begun: ` +
      'name what the store lacks in the option `without` of describeSessionStore.',
  );
}
