import { it } from 'vitest';
import { checkModel } from '../../../test-harness/src/model-tests/check-model.js';
import { describeWithServer } from '../../../test-harness/src/servers/needs.js';
import { subjectOf } from './mongo-subject.js';

describeWithServer('mongo', 'MongoStore and the model, in many scripts', (url) => {
  it.for(['plain', 'retrying'])('the %s store is what the model says', { timeout: 600_000 }, (form) =>
    checkModel(subjectOf(form, url), { seed: 11, runs: 200, commands: 40 }),
  );

  it.for(['plain', 'retrying'])('the %s store is so while the network fails', { timeout: 900_000 }, (form) =>
    checkModel(subjectOf(form, url), { seed: 12, runs: 60, commands: 25, faults: true }),
  );
});
