import { it } from 'vitest';
import { checkModel } from '../../../test-harness/src/model-tests/check-model.js';
import { subjectOf } from './sqlite-subject.js';

it.for(['plain', 'retrying'])('the %s SqliteStore is what the model says', { timeout: 60_000 }, (form) =>
  checkModel(subjectOf(form), { seed: 1, runs: 25 }),
);
