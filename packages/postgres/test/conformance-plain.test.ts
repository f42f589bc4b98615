import { describeSessionStore } from '@session-stores/test-harness';
import { describe, it } from 'vitest';
import { describeWithServer } from '../../../test-harness/src/servers/needs.js';
import { subjectOf } from './postgres-subject.js';

const runner = { describe, it, itAtOnce: it.concurrent };

// The other form has a file of its own beside this one, so that both run at once.
describeWithServer('postgres', 'the suite on PostgresStore', (url) => {
  describeSessionStore(subjectOf('plain', url), runner);
});
