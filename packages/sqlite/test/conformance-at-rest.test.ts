import { describeSessionStore } from '@session-stores/test-harness';
import { describe, it } from 'vitest';
import { atRestModes } from '../../../test-harness/src/at-rest-modes.js';
import { subjectOf } from './sqlite-subject.js';

// Each mode alone takes as long as all at once, so that is what the short run has.
const modes = Object.entries(atRestModes).slice(process.env.LONG ? 0 : -1);

describe.for(modes)('the suite with %s', ([, options]) => {
  describeSessionStore(subjectOf('retrying', options), { describe, it: it.concurrent });
});
