import { describe, expect, it } from 'vitest';
import { backendChecks } from '../src/backend-contract/backend-checks.js';
import { describeSessionBackend } from '../src/backend-contract/describe-session-backend.js';
import { runBackendCheck } from '../src/backend-contract/run-backend-check.js';
import { CheckFailure } from '../src/suite/check.js';
import { subjectOf } from './backend-contract/good-backend.js';
import { mutants } from './backend-contract/mutants.js';

describeSessionBackend(subjectOf(), { describe, it });

describe('every check of the contract fails its mutant', () => {
  for (const check of backendChecks) {
    it(check.id, async () => {
      const mutant = mutants[check.id];
      if (mutant === undefined) throw new Error(`${check.id} has no mutant: say what would be wrong`);
      const subject = mutant === 'shareAll' ? subjectOf(undefined, true) : subjectOf(mutant);
      const error = await runBackendCheck(check, subject).then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      expect(error).toBeInstanceOf(Error);
      // What a mutant throws is a finding too; a bug in the check is not.
      if (!(error instanceof CheckFailure)) expect(error).not.toBeInstanceOf(TypeError);
    });
  }

  it('and there is no mutant without its check', () => {
    const ids = backendChecks.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(Object.keys(mutants).filter((id) => !ids.includes(id))).toEqual([]);
  });
});
