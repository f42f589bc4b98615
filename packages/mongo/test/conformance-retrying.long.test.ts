import { otherAreas } from '../../../test-harness/src/own-tests/areas.js';
import { describeSuiteOn } from './suite.js';

describeSuiteOn('retrying', otherAreas);
