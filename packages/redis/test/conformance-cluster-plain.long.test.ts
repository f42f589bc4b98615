import { describeSuiteOn } from './topology-conformance.js';

await describeSuiteOn('a Cluster', false);
