import { type Area, checks, describeSessionStore } from '@session-stores/test-harness';
import { describe, it } from 'vitest';
import { describeWithServer } from '../../../test-harness/src/servers/needs.js';
import { subjectOf } from './mongo-subject.js';

const runner = { describe, describeAtOnce: describe.concurrent, it, itAtOnce: it.concurrent };

/** Thousands of calls within the time limit of each are more than FerretDB can carry out. */
const takesSpeed = ({ id }: { readonly id: string }): boolean => id.startsWith('resurrection/thousand-');

/** So many calls that a machine that is busy with other tests cannot have FerretDB answer each within the default limit. */
const takesPatience = ({ area, id }: { readonly area: Area; readonly id: string }): boolean =>
  area === 'concurrency' || id === 'destroy/thousands';
const patience = { operationTimeout: 60_000 };

/** Holds a form of the store against these areas of the suite; all of them unless told. */
export function describeSuiteOn(form: 'plain' | 'retrying', areas?: readonly Area[]): void {
  const name = form === 'plain' ? 'MongoStore' : 'RetryingMongoStore';
  describeWithServer('mongo', `the suite on ${name}`, (url) => {
    describeSessionStore(subjectOf(form, url), runner, {
      areas,
      checks: checks.filter((check) => !takesSpeed(check) && !takesPatience(check)),
    });
    describeSessionStore(subjectOf(form, url, 'server', patience), runner, {
      areas,
      checks: checks.filter(takesPatience),
    });
  });
  describeWithServer('mongod', `the suite on ${name}: thousands of sessions at once`, (url) => {
    describeSessionStore(
      subjectOf(form, url),
      { describe, it },
      { areas, checks: checks.filter(takesSpeed) },
    );
  });
}
