import {
  describeSessionBackend,
  type PgBouncer,
  type PostgresServer,
  startPgBouncer,
  startPostgres,
  startPostgresStandby,
} from '@session-stores/test-harness';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { failureOf, sample, within } from '../../../test-harness/src/own-tests/backend-calls.js';
import { describeWithServer } from '../../../test-harness/src/servers/needs.js';
import { PostgresBackend, PostgresStore } from '../src/index.js';
import { newTable, open, opened } from './samples.js';

describeWithServer('pgbouncer', 'behind a PgBouncer that lends a connection for a transaction', () => {
  describeWithServer('postgres-server', 'on a server of its own', () => {
    let server: PostgresServer;
    let bouncer: PgBouncer;
    let pool: pg.Pool;
    beforeAll(async () => {
      server = await startPostgres();
      bouncer = await startPgBouncer(server, { poolSize: 4 });
      pool = new pg.Pool({ connectionString: bouncer.url });
    });
    afterAll(async () => {
      await pool.end();
      await bouncer.stop();
      await server.stop();
    });

    describeSessionBackend(
      {
        name: 'PostgresBackend, preparedStatements: false',
        shared: true,
        create: ({ namespace }) => new PostgresBackend({ pool, table: namespace, preparedStatements: false }),
      },
      { describe, it },
    );

    it('more stores than it has connections work at once, and leave nothing behind on them', async () => {
      const table = newTable();
      const stores = Array.from(
        { length: 6 },
        () => new PostgresStore({ url: bouncer.url, table, preparedStatements: false }),
      );
      const session = { cookie: { originalMaxAge: 60_000 }, count: 0 } as never;
      await stores[0]?.set('a', session);
      await Promise.all(
        stores.flatMap((store) =>
          Array.from({ length: 10 }, () =>
            store.update(
              'a',
              (data) => ({ ...data, count: (data as unknown as { count: number }).count + 1 }) as never,
            ),
          ),
        ),
      );
      expect(await stores[1]?.get('a')).toMatchObject({ count: 60 });
      const { rows } = await pool.query('select count(*)::int as prepared from pg_prepared_statements');
      expect(rows).toEqual([{ prepared: 0 }]);
      await Promise.all(stores.map((store) => store.close()));
    });
  });
});

describeWithServer('postgres-server', 'a standby', () => {
  it('is refused for now, because what it says can be old; when it is promoted, it is the primary', async () => {
    const primary = await startPostgres();
    const table = newTable();
    await (await opened({ url: primary.url, table }))[0].close();
    const standby = await startPostgresStandby(primary);
    const backend = new PostgresBackend({ url: standby.url, table });
    const failure = await failureOf(open(backend));
    expect(failure).toMatchObject({ kind: 'READ_ONLY', transient: true });
    expect(String(failure)).toContain('connect to the primary');
    await primary.kill();
    await standby.promote();
    await open(backend);
    expect(await backend.write([sample()], within())).toEqual([{ status: 'written' }]);
    await backend.close();
    await standby.stop();
    await primary.stop();
  }, 90_000);
});
