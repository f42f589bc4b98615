import { describe } from 'vitest';
import { atRestModes } from '../../../test-harness/src/at-rest-modes.js';
import { describeConformance } from '../../../test-harness/src/servers/conformance.js';
import { subjectOf } from './sqlite-subject.js';

describe.for(Object.entries(atRestModes))('the suite with %s', ([, options]) => {
  describeConformance(subjectOf('plain', options));
});
