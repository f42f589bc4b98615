import { checks } from '@session-stores/test-harness';
import { everyModeAtOnce, matters } from '../../../test-harness/src/at-rest-modes.js';
import { describeConformance } from '../../../test-harness/src/servers/conformance.js';
import { describeWithServer } from '../../../test-harness/src/servers/needs.js';
import { subjectOf } from './postgres-subject.js';

describeWithServer(
  'postgres',
  'the suite on PostgresStore with hashed ids, encryption and a bound',
  (url) => {
    describeConformance(subjectOf('plain', url, everyModeAtOnce), checks.filter(matters));
  },
);
