import { describeSessionStore } from '@session-stores/test-harness';
import { describe, it } from 'vitest';
import { atRestModes } from '../../../test-harness/src/at-rest-modes.js';
import { subjectOf } from './sqlite-subject.js';

const modes = Object.entries(atRestModes);

describe.for(modes)('the suite with %s', ([, options]) => {
  describeSessionStore(subjectOf('retrying', options), { describe, it: it.concurrent });
});
