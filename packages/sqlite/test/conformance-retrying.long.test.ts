import { describeSessionStore } from '@session-stores/test-harness';
import { describe, it } from 'vitest';
import { otherAreas } from '../../../test-harness/src/own-tests/areas.js';
import { subjectOf } from './sqlite-subject.js';

const runner = { describe, describeAtOnce: describe.concurrent, it, itAtOnce: it.concurrent };

describeSessionStore(subjectOf('retrying'), runner, { areas: otherAreas });
