import { everyModeAtOnce } from '../../../test-harness/src/at-rest-modes.js';
import { describeSuiteOn } from './suite.js';

describeSuiteOn('plain', everyModeAtOnce);
