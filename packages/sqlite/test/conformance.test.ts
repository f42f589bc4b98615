import { describeConformance } from '../../../test-harness/src/servers/conformance.js';
import { subjectOf } from './sqlite-subject.js';

for (const form of ['plain', 'retrying']) {
  describeConformance(subjectOf(form));
}
