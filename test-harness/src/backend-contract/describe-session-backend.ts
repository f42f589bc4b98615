import { checkMembers, checkNames, checkType } from '../arguments.js';
import type { Runner } from '../suite/describe.js';
import { type BackendSubject, optionalPrimitives, spoiledPrimitives } from './backend-check.js';
import { backendChecks } from './backend-checks.js';
import { applies, runBackendCheck } from './run-backend-check.js';

/** Ms; the calls of a check end by themselves before that. */
const testTime = 30_000;

/**
 * Registers the contract of `SessionBackend` with a test runner, a test a check:
 * `describeSessionBackend(subject, { describe, it })`. What the subject declares that it lacks is skipped by name. Throws a
 * `TypeError` where the subject is none.
 */
export function describeSessionBackend(
  subject: BackendSubject,
  { describe, it, itAtOnce = it }: Runner,
): void {
  checkSubject(subject);
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

const declarable = {
  name: true,
  create: true,
  shared: true,
  without: true,
  watches: true,
  spoiled: true,
} satisfies Record<keyof BackendSubject, true>;

function checkSubject(subject: BackendSubject): void {
  checkMembers('the subject of a backend', subject, declarable);
  const { name, create, shared, without, watches, spoiled } = subject;
  if (typeof name !== 'string' || typeof create !== 'function') {
    throw new TypeError(
      'the subject of a backend has to have a name, and a function `create` that makes a backend',
    );
  }
  checkType('`shared` of the subject', shared, 'boolean');
  checkType('`watches` of the subject', watches, 'boolean');
  checkNames('`without` of the subject', without, optionalPrimitives);
  if (spoiled === undefined) return;
  checkMembers('`spoiled` of the subject', spoiled, { primitives: true, apply: true });
  checkNames('`spoiled.primitives` of the subject', spoiled.primitives, spoiledPrimitives);
}

function areaOf({ id }: { readonly id: string }): string {
  return id.slice(0, id.indexOf('/'));
}
