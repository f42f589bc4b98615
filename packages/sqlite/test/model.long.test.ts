import { it } from 'vitest';
import { checkModel } from '../../../test-harness/src/model-tests/check-model.js';
import { subjectOf } from './sqlite-subject.js';

it.for(['plain', 'retrying'])(
  'the %s SqliteStore is what the model says, in many scripts',
  {
    timeout: 600_000,
  },
  (form) => checkModel(subjectOf(form), { seed: 11, runs: 300, commands: 40 }),
);
