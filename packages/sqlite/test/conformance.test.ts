import { describeSessionStore } from '@session-stores/test-harness';
import { describe, it } from 'vitest';
import { subjectOf } from './sqlite-subject.js';

const runner = { describe, it, itAtOnce: it.concurrent };

for (const form of ['plain', 'retrying']) {
  describeSessionStore(subjectOf(form), runner);
}
