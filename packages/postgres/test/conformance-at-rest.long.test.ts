import { checks, describeSessionStore } from '@session-stores/test-harness';
import { describe, it } from 'vitest';
import { everyModeAtOnce, matters } from '../../../test-harness/src/own-tests/at-rest-modes.js';
import { describeWithServer } from '../../../test-harness/src/servers/needs.js';
import { subjectOf } from './postgres-subject.js';

const runner = { describe, describeAtOnce: describe.concurrent, it, itAtOnce: it.concurrent };

describeWithServer(
  'postgres',
  'the suite on PostgresStore with hashed ids, encryption and a bound',
  (url) => {
    describeSessionStore(subjectOf('plain', url, everyModeAtOnce), runner, {
      checks: checks.filter(matters),
    });
  },
);
