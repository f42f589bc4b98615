import type { Runner } from '../suite/describe.js';
import type { BackendSubject } from './backend-check.js';
import { backendChecks } from './backend-checks.js';
import { applies, runBackendCheck } from './run-backend-check.js';

/** Ms; the calls of a check end by themselves before that. */
const testTime = 30_000;

/**
 * Registers the contract of `SessionBackend` with a test runner, a test a check:
 * `describeSessionBackend(subject, { describe, it })`. What the subject declares that it lacks is skipped by name.
 */
export function describeSessionBackend(
  subject: BackendSubject,
  { describe, it, itAtOnce = it }: Runner,
): void {
  describe(`contract of ${subject.name}`, () => {
    for (const area of new Set(backendChecks.map(areaOf))) {
      describe(area, () => {
        for (const check of backendChecks.filter((one) => areaOf(one) === area)) {
          if (!applies(check, subject)) {
            it.skip(`${check.title} (does not apply: needs ${check.needs?.join(', ')})`, async () => {});
            continue;
          }
          const test = itAtOnce(check.title, () => runBackendCheck(check, subject), testTime);
          // Mocha takes the time limit here and ignores the third argument.
          const { timeout } = (test ?? {}) as { timeout?: unknown };
          if (typeof timeout === 'function') timeout.call(test, testTime);
        }
      });
    }
  });
}

function areaOf({ id }: { readonly id: string }): string {
  return id.slice(0, id.indexOf('/'));
}
