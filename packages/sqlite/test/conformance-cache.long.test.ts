import { describeConformance } from '../../../test-harness/src/servers/conformance.js';
import { subjectOf } from './sqlite-subject.js';

// All promises hold with the cache on, also between processes: SQLite tells at once what others have changed.
for (const form of ['plain', 'retrying']) {
  const subject = subjectOf(form, { cache: {} });
  describeConformance({ ...subject, name: `${subject.name} with a cache` });
}
