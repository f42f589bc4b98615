import { describeSessionStore } from '@session-stores/test-harness';
import { describe, it } from 'vitest';
import { otherAreas } from '../../../test-harness/src/own-tests/areas.js';
import { describeWithServer } from '../../../test-harness/src/servers/needs.js';
import { subjectOf } from './redis-subject.js';

const runner = { describe, describeAtOnce: describe.concurrent, it, itAtOnce: it.concurrent };

describeWithServer('redis', 'the rest of the suite on RetryingRedisStore', (url) => {
  describeSessionStore(subjectOf('retrying', url), runner, { areas: otherAreas });
});
