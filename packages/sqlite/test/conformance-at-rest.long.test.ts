import { describeSessionStore } from '@session-stores/test-harness';
import { describe, it } from 'vitest';
import { atRestModes } from '../../../test-harness/src/at-rest-modes.js';
import { subjectOf } from './sqlite-subject.js';

describe.for(Object.entries(atRestModes))('the suite with %s', ([, options]) => {
  describeSessionStore(subjectOf('plain', options), { describe, it: it.concurrent });
});
