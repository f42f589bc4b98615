import { describeSuiteOn } from './suite.js';

describeSuiteOn('plain');
