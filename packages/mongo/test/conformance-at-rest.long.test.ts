import { checks, describeSessionStore } from '@session-stores/test-harness';
import { describe, it } from 'vitest';
import { everyModeAtOnce, matters } from '../../../test-harness/src/own-tests/at-rest-modes.js';
import { describeWithServer } from '../../../test-harness/src/servers/needs.js';
import { subjectOf } from './mongo-subject.js';

const runner = { describe, describeAtOnce: describe.concurrent, it, itAtOnce: it.concurrent };

/** Races of several processes: FerretDB, whose commands take turns, needs most of their time limit even on an idle machine. */
const races = ({ area, needs }: (typeof checks)[number]): boolean =>
  area === 'concurrency' && needs.includes('processes');

describeWithServer('mongo', 'the suite on MongoStore with hashed ids, encryption and a bound', (url) => {
  const subject = subjectOf('plain', url, 'server', everyModeAtOnce);
  describeSessionStore(subject, runner, {
    checks: checks.filter((check) => matters(check) && !races(check)),
  });
});
