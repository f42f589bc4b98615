import { describeSuiteOn } from './topology-conformance.js';

await describeSuiteOn('a Cluster of one, behind the fault proxy', true);
