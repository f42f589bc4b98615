import { describeConformance } from '../../../test-harness/src/servers/conformance.js';
import { describeWithServer } from '../../../test-harness/src/servers/needs.js';
import { subjectOf } from './redis-subject.js';

describeWithServer('redis', 'the suite on RedisStore with a cache', (url) => {
  const subject = subjectOf('plain', url, { cache: {} });
  describeConformance({ ...subject, name: `${subject.name} with a cache` });
});
