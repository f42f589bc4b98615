import { describeSessionStore } from '@session-stores/test-harness';
import { describe, it } from 'vitest';
import { atRestModes } from '../../../test-harness/src/own-tests/at-rest-modes.js';
import { subjectOf } from './sqlite-subject.js';

const runner = { describe, describeAtOnce: describe.concurrent, it, itAtOnce: it.concurrent };

describe.for(Object.entries(atRestModes))('the suite with %s', ([, options]) => {
  describeSessionStore(subjectOf('plain', options), runner);
});
