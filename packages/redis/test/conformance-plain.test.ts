import { describeSessionStore } from '@session-stores/test-harness';
import { describe, it } from 'vitest';
import { describeWithServer } from '../../../test-harness/src/servers/needs.js';
import { subjectOf } from './redis-subject.js';

const runner = { describe, describeAtOnce: describe.concurrent, it, itAtOnce: it.concurrent };

// The other form has a file of its own beside this one, so that both run at once.
describeWithServer('redis', 'the suite on RedisStore', (url) => {
  describeSessionStore(subjectOf('plain', url), runner);
});
