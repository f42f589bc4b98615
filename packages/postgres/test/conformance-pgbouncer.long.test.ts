import { describeSessionStore, startPgBouncer, startPostgres } from '@session-stores/test-harness';
import { afterAll, describe, inject, it } from 'vitest';
import { describeWithServer } from '../../../test-harness/src/servers/needs.js';
import { subjectOf } from './postgres-subject.js';

const runner = { describe, describeAtOnce: describe.concurrent, it, itAtOnce: it.concurrent };

// A suite is told of its server when it is registered, so both are there before that.
const { pgbouncer, 'postgres-server': postgres } = inject('servers');
const server = pgbouncer === undefined || postgres === undefined ? undefined : await startPostgres();
const bouncer = server && (await startPgBouncer(server, { poolSize: 8 }));

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
      describeSessionStore(subjectOf('plain', bouncer.url, { preparedStatements: false }), runner);
    });
  },
);
