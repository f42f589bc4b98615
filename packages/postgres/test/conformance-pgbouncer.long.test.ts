import { execFileSync } from 'node:child_process';
import { describeSessionStore, startPgBouncer, startPostgres } from '@session-stores/test-harness';
import { afterAll, describe, inject, it } from 'vitest';
import { describeWithServer } from '../../../test-harness/src/servers/needs.js';
import { findPgBouncer } from '../../../test-harness/src/servers/pgbouncer.js';
import { subjectOf } from './postgres-subject.js';

const runner = { describe, describeAtOnce: describe.concurrent, it, itAtOnce: it.concurrent };

// A suite is told of its server when it is registered, so both are there before that.
const { pgbouncer, 'postgres-server': postgres } = inject('servers');
const server = pgbouncer === undefined || postgres === undefined ? undefined : await startPostgres();
const bouncer = server && (await startPgBouncer(server, { poolSize: 8 }));

/** Before 1.21 a cancel request whose connection is cut can end it (pgbouncer/pgbouncer#801, #822, #904). */
function survivesCancels(): boolean {
  const said = execFileSync(findPgBouncer() ?? '', ['--version'], { encoding: 'utf8' });
  const [, major, minor] = /(\d+)\.(\d+)/.exec(said) ?? [];
  return Number(major) > 1 || Number(minor) >= 21;
}

describeWithServer(
  'pgbouncer',
  'the suite behind a PgBouncer that lends a connection for a transaction',
  () => {
    describeWithServer('postgres-server', 'on a server of its own', () => {
      if (bouncer === undefined) return;
      afterAll(async () => {
        await bouncer.stop();
        await server?.stop();
      });
      const options = { preparedStatements: false, cancels: survivesCancels() };
      describeSessionStore(subjectOf('plain', bouncer.url, options), runner);
    });
  },
);
