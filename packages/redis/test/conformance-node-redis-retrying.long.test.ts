import { describeSessionStore } from '@session-stores/test-harness';
import { describe, it } from 'vitest';
import { describeWithServer } from '../../../test-harness/src/servers/needs.js';
import { subjectOf } from './redis-subject.js';

const runner = { describe, describeAtOnce: describe.concurrent, it, itAtOnce: it.concurrent };

describeWithServer('redis', 'the suite on RetryingRedisStore with a client of node-redis', (url) => {
  describeSessionStore(subjectOf('retrying', url, {}, 'node-redis'), runner);
});
