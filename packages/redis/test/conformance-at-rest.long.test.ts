import { describeSessionStore } from '@session-stores/test-harness';
import { describe, it } from 'vitest';
import { everyModeAtOnce } from '../../../test-harness/src/at-rest-modes.js';
import { describeWithServer } from '../../../test-harness/src/servers/needs.js';
import { subjectOf } from './redis-subject.js';

describeWithServer('redis', 'the suite on RedisStore with hashed ids, encryption and a bound', (url) => {
  describeSessionStore(subjectOf('plain', url, everyModeAtOnce), { describe, it: it.concurrent });
});
