import { describeSessionStore } from '@session-stores/test-harness';
import { describe, it } from 'vitest';
import { subjectOf } from './sqlite-subject.js';

const runner = { describe, describeAtOnce: describe.concurrent, it, itAtOnce: it.concurrent };

// All promises hold with the cache on, also between processes: SQLite tells at once what others have changed.
for (const form of ['plain', 'retrying']) {
  const subject = subjectOf(form, { cache: {} });
  describeSessionStore({ ...subject, name: `${subject.name} with a cache` }, runner);
}
