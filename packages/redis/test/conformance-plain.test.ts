import { describeConformance } from '../../../test-harness/src/servers/conformance.js';
import { describeWithServer } from '../../../test-harness/src/servers/needs.js';
import { subjectOf } from './redis-subject.js';

// The other form has a file of its own beside this one, so that both run at once.
describeWithServer('redis', 'the suite on RedisStore', (url) => {
  describeConformance(subjectOf('plain', url));
});
