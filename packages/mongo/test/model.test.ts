import { it } from 'vitest';
import { checkModel } from '../../../test-harness/src/model-tests/check-model.js';
import { describeWithServer } from '../../../test-harness/src/servers/needs.js';
import { subjectOf } from './mongo-subject.js';

describeWithServer('mongo', 'MongoStore and the model', (url) => {
  it.for(['plain', 'retrying'])('the %s store is what the model says', { timeout: 60_000 }, (form) =>
    checkModel(subjectOf(form, url), { seed: 1, runs: 20 }),
  );

  it('the retrying store is so while the network fails', { timeout: 60_000 }, () =>
    checkModel(subjectOf('retrying', url), { seed: 2, runs: 8, commands: 15, faults: true }),
  );
});
