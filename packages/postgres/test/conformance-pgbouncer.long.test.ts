import { startPgBouncer, startPostgres } from '@session-stores/test-harness';
import { afterAll, inject } from 'vitest';
import { describeConformance } from '../../../test-harness/src/servers/conformance.js';
import { describeWithServer } from '../../../test-harness/src/servers/needs.js';
import { subjectOf } from './postgres-subject.js';

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
      for (const form of ['plain', 'retrying']) {
        describeConformance(subjectOf(form, bouncer.url, { preparedStatements: false }));
      }
    });
  },
);
