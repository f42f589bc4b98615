import { describeSessionStore } from '@session-stores/test-harness';
import { describe, it } from 'vitest';
import { describeWithServer } from '../../../test-harness/src/servers/needs.js';
import { subjectOf } from './postgres-subject.js';

const runner = { describe, describeAtOnce: describe.concurrent, it, itAtOnce: it.concurrent };

// Not among the short tests: each of its many reconnections costs the server as much as a hundred statements.
describeWithServer('postgres', 'the suite on RetryingPostgresStore', (url) => {
  describeSessionStore(subjectOf('retrying', url), runner);
});
