import { checks } from '@session-stores/test-harness';
import { everyModeAtOnce, matters } from '../../../test-harness/src/at-rest-modes.js';
import { describeConformance } from '../../../test-harness/src/servers/conformance.js';
import { describeWithServer } from '../../../test-harness/src/servers/needs.js';
import { subjectOf } from './mongo-subject.js';

/** Races of several processes: FerretDB, whose commands take turns, needs most of their time limit even on an idle machine. */
const races = ({ area, needs }: (typeof checks)[number]): boolean =>
  area === 'concurrency' && needs.includes('processes');

describeWithServer('mongo', 'the suite on MongoStore with hashed ids, encryption and a bound', (url) => {
  const subject = subjectOf('plain', url, 'server', everyModeAtOnce);
  describeConformance(
    subject,
    checks.filter((check) => matters(check) && !races(check)),
  );
});
