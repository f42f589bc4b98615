import { describeSuiteOn } from './topology-conformance.js';

await describeSuiteOn('Sentinel', false);
