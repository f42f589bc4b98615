import { describeSessionStore } from '@session-stores/test-harness';
import { describe, it } from 'vitest';
import { describeWithServer } from '../../../test-harness/src/servers/needs.js';
import { subjectOf } from './redis-subject.js';

const runner = { describe, it, itAtOnce: it.concurrent };

describeWithServer('redis', 'the suite on RedisStore with a cache', (url) => {
  const subject = subjectOf('plain', url, { cache: {} });
  describeSessionStore({ ...subject, name: `${subject.name} with a cache` }, runner);
});
