import { type PostgresServer, startPostgres } from '@session-stores/test-harness';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { failureOf, sample, within } from '../../../test-harness/src/own-tests/backend-calls.js';
import { describeOutages } from '../../../test-harness/src/own-tests/outages.js';
import { describeWithServer } from '../../../test-harness/src/servers/needs.js';
import { PostgresBackend } from '../src/index.js';
import { during, newTable, open, opened } from './samples.js';

describeWithServer('postgres-server', 'an outage', () => {
  let server: PostgresServer;
  let direct: pg.Pool;

  beforeAll(async () => {
    server = await startPostgres();
    direct = new pg.Pool({ connectionString: server.url });
    direct.on('error', () => {});
  });
  afterAll(async () => {
    await direct.end();
    await server.stop();
  });

  describe.each(['url', 'pool'] as const)('with %s', (form) => {
    let pool: pg.Pool;
    let table: string;

    const outage = describeOutages({
      server: () => server,
      backend({ port }) {
        const url = server.url.replace(`:${server.port}/`, `:${port}/`);
        pool = new pg.Pool({ connectionString: url, connectionTimeoutMillis: 3_000 });
        table = newTable();
        return new PostgresBackend({ ...(form === 'url' ? { url } : { pool }), table });
      },
      end: () => pool.end(),
      unreachable: { kind: 'CONNECTION', says: 'ECONNREFUSED', after: 1_000 },
      silence: { connections: 5, calls: 5, endsWithin: 1_900 },
      expiryOff: 200,
      backWithin: 15_000,
      finishesLate: true,
    });

    it('a scan that loses its connection fails: it would miss records', async () => {
      const { backend, proxy } = outage;
      const writes = Array.from({ length: 600 }, () => sample());
      await backend.write(writes, within());
      const pages = backend.scan(within());
      await pages.next();
      await proxy.setMode('reset');
      const next = failureOf(backend.scan(within(300)).next());
      expect(await next).toMatchObject({ transient: true });
      await proxy.setMode('pass');
      // It goes by key and holds nothing: it can even go on.
      expect((await pages.next()).value).toHaveLength(100);
    });

    it('an idle connection that the server ends is reported, replaced, and ends nobody', async () => {
      const { backend, reported } = outage;
      await backend.read(['a'], within());
      const end = `select pg_terminate_backend(pid) from pg_stat_activity
        where pid <> pg_backend_pid() and backend_type = 'client backend'`;
      await direct.query(end);
      await expect.poll(() => reported.length).toBeGreaterThan(0);
      expect(reported[0]).toMatchObject({ name: 'PostgresFailure', transient: true });
      await expect.poll(() => backend.read(['a'], within()).catch(() => 'not yet')).toEqual([undefined]);
    });

    it('a connection that ends while its statement runs fails that call alone, and ends nobody', async () => {
      const { backend } = outage;
      const end = `select pg_terminate_backend(pid) from pg_stat_activity where query like '%${table}%'
        and wait_event_type = 'Lock'`;
      await during(direct, `lock table ${table}`, async () => {
        const waiting = failureOf(backend.read(['a'], within()));
        await expect.poll(async () => (await direct.query(end)).rowCount).toBeGreaterThan(0);
        expect(await waiting).toMatchObject({ kind: 'SHUTDOWN', sqlState: '57P01', transient: true });
      });
      expect(await backend.read(['a'], within())).toEqual([undefined]);
    });

    it('a table whose creation was given up halfway leaves no transaction open', async () => {
      await direct.query('select 1');
      const own = newTable();
      const url = server.url;
      const late = new PostgresBackend({ url, table: own });
      await during(direct, `select pg_advisory_xact_lock(${0x73736331})`, async () => {
        const aborted = late.open({ ...within(200), onError() {}, onEvicted() {} });
        expect(await failureOf(aborted)).toMatchObject({ kind: 'TIMEOUT' });
      });
      const openTransactions = async () => {
        const { rows } = await direct.query(
          `select count(*)::int as count from pg_stat_activity where state like 'idle in%' or query like '%${own}%' and pid <> pg_backend_pid()`,
        );
        return rows[0].count;
      };
      await expect.poll(openTransactions).toBe(0);
      await open(late);
      expect(await late.write([sample()], within())).toEqual([{ status: 'written' }]);
      await late.close();
    });

    it('closing ends connections of our own, and leaves the pool of the application as it was', async () => {
      const { backend, proxy } = outage;
      const before = pool.listenerCount('error') - (form === 'pool' ? 1 : 0);
      await backend.read(['a'], within());
      await backend.close();
      if (form === 'url') await expect.poll(() => proxy.connections).toBe(0);
      else expect(await pool.query('select 1')).toMatchObject({ rowCount: 1 });
      expect(pool.listenerCount('error')).toBe(before);
      expect(await failureOf(backend.read(['a'], within()))).toMatchObject({ kind: 'CLOSED' });
    });
  });
});

describeWithServer('postgres', 'a pool with one connection', (url) => {
  it('that arrives when nobody waits for it any more goes back', async () => {
    const pool = new pg.Pool({ connectionString: url, max: 1 });
    const [backend] = await opened({ pool });
    const busy = await pool.connect();
    expect(await failureOf(backend.read(['a'], within(100)))).toMatchObject({ kind: 'CONNECTION' });
    busy.release();
    expect(await backend.read(['a'], within())).toEqual([undefined]);
    expect([pool.totalCount, pool.idleCount, pool.waitingCount]).toEqual([1, 1, 0]);
    await backend.close();
    await pool.end();
  });

  it('that is called with no time left leaves everything alone', async () => {
    const pool = new pg.Pool({ connectionString: url, max: 1 });
    const [backend] = await opened({ pool });
    const write = sample();
    const over = { signal: AbortSignal.abort() };
    expect(await failureOf(backend.write([write], over))).toMatchObject({ transient: true });
    expect(await backend.read([write.id], within())).toEqual([undefined]);
    await backend.close();
    await pool.end();
  });
});
