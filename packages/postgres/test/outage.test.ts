import {
  type FaultProxy,
  type PostgresServer,
  startFaultProxy,
  startPostgres,
} from '@session-stores/test-harness';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { failureOf, one, sample, within } from '../../../test-harness/src/own-tests/backend-calls.js';
import { describeWithServer } from '../../../test-harness/src/servers/needs.js';
import { PostgresBackend } from '../src/index.js';
import { during, newTable, open, opened } from './samples.js';

describeWithServer('postgres-server', 'an outage', () => {
  let server: PostgresServer;
  let direct: pg.Pool;
  const unhandled: unknown[] = [];
  const note = (reason: unknown) => unhandled.push(reason);

  beforeAll(async () => {
    process.on('unhandledRejection', note);
    server = await startPostgres();
    direct = new pg.Pool({ connectionString: server.url });
    direct.on('error', () => {});
  });
  afterAll(async () => {
    process.off('unhandledRejection', note);
    await direct.end();
    await server.stop();
  });

  describe.each(['url', 'pool'] as const)('with %s', (form) => {
    let proxy: FaultProxy;
    let pool: pg.Pool;
    let backend: PostgresBackend;
    let table: string;
    let reported: unknown[];

    beforeEach(async () => {
      proxy = await startFaultProxy(server.address);
      table = newTable();
      const url = server.url.replace(`:${server.port}/`, `:${proxy.address.port}/`);
      pool = new pg.Pool({ connectionString: url, connectionTimeoutMillis: 3_000 });
      [backend, reported] = await opened({ ...(form === 'url' ? { url } : { pool }), table });
    });
    afterEach(async () => {
      await proxy.setMode('pass');
      await backend.close();
      await pool.end();
      await proxy.close();
      expect(unhandled).toEqual([]);
    });

    /** Nobody listens any more, and the pool has noticed: what is called from now on waits for a connection. */
    const refuse = async () => {
      await proxy.setMode('refuse');
      await expect.poll(() => reported.length).toBeGreaterThan(0);
    };

    it('a call waits for a connection and succeeds', async () => {
      await refuse();
      const written = one(backend.write([sample()], within()));
      expect(await Promise.race([written, nothing(300)])).toBe('nothing');
      await proxy.setMode('pass');
      expect(await written).toEqual({ status: 'written' });
    });

    it('a call whose time is up without a connection fails for now, and nothing of it is sent later', async () => {
      const write = sample();
      await refuse();
      const failure = await failureOf(backend.write([write], within(1_000)));
      expect(failure).toMatchObject({ kind: 'CONNECTION', transient: true });
      expect(String(failure)).toContain('ECONNREFUSED');
      await proxy.setMode('pass');
      expect(await backend.read([write.id], within())).toEqual([undefined]);
    });

    it('connections that are silent for good are given up; the next calls have new ones', async () => {
      const writes = Array.from({ length: 5 }, () => sample());
      await Promise.all(writes.map((write) => backend.write([write], within())));
      await proxy.setMode('silence');
      const started = performance.now();
      const calls = writes.map(({ id }) => failureOf(backend.read([id], within(200))));
      expect(await Promise.all(calls)).toMatchObject(
        writes.map(() => ({ kind: 'TIMEOUT', transient: true })),
      );
      for (const { id, data } of writes) {
        expect(await one(backend.read([id], within(1_500)))).toMatchObject({ data });
      }
      expect(performance.now() - started).toBeLessThan(1_900);
    });

    it('a server that accepts and never answers costs no more than the time of the call', async () => {
      await refuse();
      await proxy.setMode('hang');
      const started = performance.now();
      expect(await failureOf(backend.read(['a'], within(200)))).toMatchObject({ kind: 'CONNECTION' });
      expect(performance.now() - started).toBeLessThan(600);
      await proxy.setMode('pass');
      expect(await backend.read(['a'], within())).toEqual([undefined]);
    });

    it('a call that waits on a slow connection keeps it when the time of another is up', async () => {
      await Promise.all([backend.read(['a'], within()), backend.read(['b'], within())]);
      proxy.setDelay(150);
      const patient = backend.read(['a'], within(4_000));
      expect(await failureOf(backend.read(['b'], within(100)))).toMatchObject({ kind: 'TIMEOUT' });
      expect(await patient).toEqual([undefined]);
    });

    it('a reply that is cut off is a failure that passes, and the work is done once', async () => {
      const write = sample();
      await proxy.setMode('cutReplies');
      expect(await failureOf(backend.write([write], within(1_000)))).toMatchObject({ transient: true });
      await proxy.setMode('pass');
      await expect
        .poll(() => one(backend.read([write.id], within())))
        .toMatchObject({ revision: write.revision });
    });

    it('an expiry counts from the call, not from when a connection was there', async () => {
      const write = sample({ expiry: { in: 5_000, exact: true } });
      await refuse();
      const called = Date.now();
      const written = one(backend.write([write], within()));
      expect(await Promise.race([written, nothing(400)])).toBe('nothing');
      await proxy.setMode('pass');
      expect(await written).toEqual({ status: 'written' });
      const { expiresAt } = (await one(backend.read([write.id], within()))) as { expiresAt: number };
      expect(Math.abs(expiresAt - (called + 5_000))).toBeLessThan(200);
    });

    it('after a kill of the server calls fail for now; after its restart all is as it was', async () => {
      const write = sample();
      await backend.write([write], within());
      await server.kill();
      expect(await failureOf(backend.read([write.id], within(300)))).toMatchObject({ transient: true });
      const waiting = backend.read([write.id], within(15_000));
      await server.restart();
      expect(await one(waiting)).toMatchObject({ data: write.data, revision: write.revision });
    });

    it('a scan that loses its connection fails: it would miss records', async () => {
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
      await backend.read(['a'], within());
      const end = `select pg_terminate_backend(pid) from pg_stat_activity
        where pid <> pg_backend_pid() and backend_type = 'client backend'`;
      await direct.query(end);
      await expect.poll(() => reported.length).toBeGreaterThan(0);
      expect(reported[0]).toMatchObject({ name: 'PostgresFailure', transient: true });
      await expect.poll(() => backend.read(['a'], within()).catch(() => 'not yet')).toEqual([undefined]);
    });

    it('a connection that ends while its statement runs fails that call alone, and ends nobody', async () => {
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

/** There is no event for "has not answered yet". */
function nothing(milliseconds: number): Promise<'nothing'> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds, 'nothing'));
}
