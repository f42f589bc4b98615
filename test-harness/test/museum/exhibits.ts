import type { Area } from '@session-stores/test-harness';

/** An old release of a real store in which a known bug lived, and the one that mended it. */
export interface Exhibit {
  readonly package:
    | 'memorystore'
    | 'session-file-store'
    | 'better-sqlite3-session-store'
    | 'connect-pg-simple'
    | 'connect-redis';
  readonly broken: string;
  readonly mended: string;
  readonly bug: string;
  /** Where it is told. */
  readonly source: string;
  readonly area: Area;
  /** The checks that the broken release fails and the mended one passes. */
  readonly checks: readonly string[];
}

export const exhibits: readonly Exhibit[] = [
  {
    package: 'memorystore',
    broken: '1.6.1',
    mended: '1.6.2',
    bug: 'the touch of a session that was destroyed meanwhile is an error of the request',
    source: 'roccomuso/memorystore#13',
    area: 'resurrection',
    checks: ['resurrection/slow-touch', 'resurrection/rolling', 'resurrection/held-touch'],
  },
  {
    package: 'memorystore',
    broken: '1.6.1',
    mended: '1.6.2',
    bug: 'the touch of a session that has expired meanwhile is an error of the request',
    source: 'roccomuso/memorystore#13',
    area: 'expiry',
    checks: ['expiry/touch-creates-nothing', 'expiry/late-read'],
  },
  {
    package: 'better-sqlite3-session-store',
    broken: '0.0.3',
    mended: '0.1.0',
    bug: 'a destroy without a callback throws',
    source: 'attestate/better-sqlite3-session-store#10',
    area: 'destroy',
    checks: ['destroy/without-callback', 'destroy/idle-timeout'],
  },
  {
    package: 'better-sqlite3-session-store',
    broken: '0.0.3',
    mended: '0.1.0',
    bug: 'milliseconds are taken for seconds, so that sessions live a thousand times as long',
    source: 'README of better-sqlite3-session-store, 0.1.0',
    area: 'expiry',
    checks: ['expiry/not-returned', 'expiry/touch-too-late', 'expiry/long'],
  },
  {
    package: 'session-file-store',
    broken: '1.1.1',
    mended: '1.1.2',
    bug: 'a destroy without a callback is an unhandled rejection, and the session stays',
    source: 'valery-barysok/session-file-store#63',
    area: 'destroy',
    checks: ['destroy/without-callback', 'destroy/idle-timeout'],
  },
  {
    package: 'connect-pg-simple',
    broken: '6.2.0',
    mended: '6.2.1',
    bug: 'a query that fails never calls back, and is an unhandled rejection',
    source: 'voxpelli/node-connect-pg-simple#179',
    area: 'destroy',
    checks: ['destroy/failure-is-an-error', 'destroy/application-can-tell'],
  },
  {
    package: 'connect-pg-simple',
    broken: '6.2.0',
    mended: '6.2.1',
    bug: 'a query that fails never calls back, and is an unhandled rejection',
    source: 'voxpelli/node-connect-pg-simple#179',
    area: 'failure',
    checks: ['failure/get-is-an-error-refuse', 'failure/touch-answers', 'failure/no-stranger'],
  },
  {
    package: 'connect-redis',
    broken: '6.1.0',
    mended: '6.1.3',
    bug: 'a two-way merge of concurrent saves damages the cookie, and users lose their sessions',
    source: 'tj/connect-redis#333',
    area: 'concurrency',
    checks: ['concurrency/dates-undamaged'],
  },
  {
    package: 'connect-redis',
    broken: '6.1.2',
    mended: '6.1.3',
    bug: 'a deep merge of concurrent saves appends arrays to each other',
    source: 'tj/connect-redis#348',
    area: 'concurrency',
    checks: ['concurrency/array-untouched', 'concurrency/array-changed'],
  },
];
