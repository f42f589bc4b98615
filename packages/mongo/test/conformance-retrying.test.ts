import { describeSuiteOn } from './suite.js';

describeSuiteOn('retrying');
