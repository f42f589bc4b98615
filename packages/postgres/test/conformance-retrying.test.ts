import { describeSessionStore } from '@session-stores/test-harness';
import { describe, it } from 'vitest';
import { describeWithServer } from '../../../test-harness/src/servers/needs.js';
import { subjectOf } from './postgres-subject.js';

// They wait for a network most of the time, so many run at once; the other form has a file of its own beside this one.
describeWithServer('postgres', 'the suite on RetryingPostgresStore', (url) => {
  describeSessionStore(subjectOf('retrying', url), { describe, it: it.concurrent });
});
