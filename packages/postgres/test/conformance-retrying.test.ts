import { describeConformance } from '../../../test-harness/src/servers/conformance.js';
import { describeWithServer } from '../../../test-harness/src/servers/needs.js';
import { subjectOf } from './postgres-subject.js';

// The other form has a file of its own beside this one, so that both run at once.
describeWithServer('postgres', 'the suite on RetryingPostgresStore', (url) => {
  describeConformance(subjectOf('retrying', url));
});
