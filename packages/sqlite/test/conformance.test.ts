import { describeSessionStore } from '@session-stores/test-harness';
import { describe, it } from 'vitest';
import { subjectOf } from './sqlite-subject.js';

// They wait most of the time: for expiries, locks and child processes.
for (const form of ['plain', 'retrying']) {
  describeSessionStore(subjectOf(form), { describe, it: it.concurrent });
}
