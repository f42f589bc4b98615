import { describeSessionStore } from '@session-stores/test-harness';
import { describe, it } from 'vitest';
import { describeWithServer } from '../../../test-harness/src/servers/needs.js';
import { subjectOf } from './postgres-subject.js';

const runner = { describe, describeAtOnce: describe.concurrent, it, itAtOnce: it.concurrent };

describeWithServer('postgres', 'the suite on PostgresStore', (url) => {
  describeSessionStore(subjectOf('plain', url), runner);
});
