import { describeSessionStore } from '@session-stores/test-harness';
import { describe, it } from 'vitest';
import { atRestModes } from '../../../test-harness/src/at-rest-modes.js';
import { describeWithServer } from '../../../test-harness/src/servers/needs.js';
import { subjectOf } from './redis-subject.js';

describeWithServer('redis', 'the suite on RetryingRedisStore', (url) => {
  describe.for(Object.entries(atRestModes))('with %s', ([, options]) => {
    describeSessionStore(subjectOf('retrying', url, options), { describe, it: it.concurrent });
  });
});
