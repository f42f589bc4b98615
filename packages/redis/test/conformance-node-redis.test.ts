import { describeSessionStore } from '@session-stores/test-harness';
import { describe, it } from 'vitest';
import { describeWithServer } from '../../../test-harness/src/servers/needs.js';
import { subjectOf } from './redis-subject.js';

const runner = { describe, describeAtOnce: describe.concurrent, it, itAtOnce: it.concurrent };

// Those that take no time. The others, and the retrying form, are among the long tests.
const quick = ['interface', 'data', 'ids'] as const;

describeWithServer('redis', 'a part of the suite on RedisStore with a client of node-redis', (url) => {
  describeSessionStore(subjectOf('plain', url, {}, 'node-redis'), runner, { areas: quick });
});
