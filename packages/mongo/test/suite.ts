import { checks, describeSessionStore } from '@session-stores/test-harness';
import { describe, it } from 'vitest';
import { describeWithServer } from '../../../test-harness/src/servers/needs.js';
import { subjectOf } from './mongo-subject.js';

const runner = { describe, it, itAtOnce: it.concurrent };

/** Thousands of calls within the time limit of each are more than FerretDB can carry out. */
const takesSpeed = ({ id }: { readonly id: string }): boolean => id.startsWith('resurrection/thousand-');

/** Holds a form of the store against the suite. */
export function describeSuiteOn(form: 'plain' | 'retrying'): void {
  const name = form === 'plain' ? 'MongoStore' : 'RetryingMongoStore';
  describeWithServer('mongo', `the suite on ${name}`, (url) => {
    describeSessionStore(subjectOf(form, url), runner, {
      checks: checks.filter((check) => !takesSpeed(check)),
    });
  });
  describeWithServer('mongod', `the suite on ${name}: thousands of sessions at once`, (url) => {
    describeSessionStore(subjectOf(form, url), { describe, it }, { checks: checks.filter(takesSpeed) });
  });
}
