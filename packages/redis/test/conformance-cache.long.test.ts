import { checks, describeSessionStore } from '@session-stores/test-harness';
import { describe, it } from 'vitest';
import { describeWithServer } from '../../../test-harness/src/servers/needs.js';
import { subjectOf } from './redis-subject.js';

const runner = { describe, describeAtOnce: describe.concurrent, it, itAtOnce: it.concurrent };

/** What another process has just changed is not in every order of the calls: a cache may show what was there a moment ago. */
const withinTheBound = ({ id }: (typeof checks)[number]): boolean => id !== 'concurrency/histories';

describeWithServer('redis', 'the suite on RedisStore with a cache', (url) => {
  const subject = subjectOf('plain', url, { cache: {} });
  // Who damages a record past every store tells nobody, and it is shown as it was for as long as the cache holds it.
  const { corrupt: _, ...supports } = subject.supports ?? {};
  describeSessionStore({ ...subject, name: `${subject.name} with a cache`, supports }, runner, {
    checks: checks.filter(withinTheBound),
  });
});
