import { describeSessionStore } from '@session-stores/test-harness';
import { describe, it } from 'vitest';
import { otherAreas } from '../../../test-harness/src/own-tests/areas.js';
import { retryingSubject } from './retrying-subject.js';

const runner = { describe, describeAtOnce: describe.concurrent, it, itAtOnce: it.concurrent };

describeSessionStore(retryingSubject, runner, { areas: otherAreas });
