import pg from 'pg';
import { afterAll, expect, it } from 'vitest';
import { sample, within } from '../../../test-harness/src/own-tests/backend-calls.js';
import { describeWithServer } from '../../../test-harness/src/servers/needs.js';
import type { PostgresBackend } from '../src/index.js';
import { statementsFor } from '../src/statements.js';
import { during, newTable, opened, updateOf } from './samples.js';

describeWithServer('postgres', 'the sweep', (url) => {
  const pool = new pg.Pool({ connectionString: url, max: 20 });
  afterAll(() => pool.end());

  const brief = { in: 1, exact: true };
  const fill = async (backend: PostgresBackend, count: number, expiry = brief) => {
    const writes = Array.from({ length: count }, () => sample({ expiry }));
    await backend.write(writes, within());
    await pool.query('select pg_sleep(0.01)'); // The brief ones live for 1 ms.
    return writes;
  };
  const rowsIn = async (table: string): Promise<number> =>
    (await pool.query(`select count(*)::int as count from ${table}`)).rows[0].count;

  it('in a fleet deletes each expired row once, one process at a time', async () => {
    const table = newTable();
    const fleet = await Promise.all(
      Array.from({ length: 6 }, async () => (await opened({ pool, table }))[0]),
    );
    await fill(fleet[0] as PostgresBackend, 300);
    await fill(fleet[0] as PostgresBackend, 10, { in: 60_000, exact: true });
    const sweep = async (backend: PostgresBackend): Promise<number> => {
      const deleted = await backend.prune(20, within());
      return deleted < 20 ? deleted : deleted + (await sweep(backend));
    };
    let total = 0;
    while (total < 300) total += (await Promise.all(fleet.map(sweep))).reduce((sum, one) => sum + one);
    expect(total).toBe(300);
    expect(await rowsIn(table)).toBe(10);
    await Promise.all(fleet.map((backend) => backend.close()));
  });

  it('does nothing while another process is at it, and never for another table', async () => {
    const [table, otherTable] = [newTable(), newTable()];
    const [backend] = await opened({ pool, table });
    const [other] = await opened({ pool, table: otherTable });
    await Promise.all([fill(backend, 5), fill(other, 5)]);
    // As the statement of another process does for as long as it runs.
    const lock = `select pg_try_advisory_xact_lock(${0x73737731}, '${table}'::regclass::oid::int4)`;
    await during(pool, lock, async () => {
      expect(await backend.prune(10, within())).toBe(0);
      expect(await other.prune(10, within())).toBe(5);
    });
    expect(await backend.prune(10, within())).toBe(5);
    await Promise.all([backend.close(), other.close()]);
  });

  it('passes over a row that somebody holds, instead of waiting', async () => {
    const table = newTable();
    const [backend] = await opened({ pool, table });
    const [held] = await fill(backend, 5);
    await during(pool, `select from ${table} where id = '${held?.id}' for update`, async () => {
      expect(await backend.prune(10, within(2_000))).toBe(4);
    });
    expect(await backend.prune(10, within())).toBe(1);
    await backend.close();
  });

  it('leaves a session that was begun anew in the place of an expired one', async () => {
    const table = newTable();
    const [backend] = await opened({ pool, table });
    const writes = await fill(backend, 50);
    const [, answers] = await Promise.all([
      backend.prune(100, within()),
      backend.write(
        writes.map(({ id }) => sample({ id })),
        within(),
      ),
    ]);
    expect(answers.map(({ status }) => status)).toEqual(writes.map(() => 'written'));
    await backend.prune(100, within());
    expect(await backend.count(within())).toBe(50);
    await backend.close();
  });

  it('deletes graves whose grace has ended, and no others', async () => {
    const table = newTable();
    const [backend] = await opened({ pool, table });
    const [a, b] = [sample(), sample()];
    await backend.write([a, b], within());
    await backend.remove([{ id: a.id, grace: 1 }], within());
    await backend.remove([{ id: b.id, grace: 30_000 }], within());
    await pool.query('select pg_sleep(0.01)'); // The grace of the first is 1 ms.
    expect(await backend.prune(10, within())).toBe(1);
    expect(await rowsIn(table)).toBe(1);
    await backend.close();
  });

  it('and everything else finds its rows by an index', async () => {
    const table = newTable();
    const [backend] = await opened({ pool, table });
    await pool.query(`
      insert into ${table} select 'id-' || i, repeat('x', 100), 'b', 'r', now() + i * interval '1 second'
      from generate_series(1, 50000) i; analyze ${table}`);
    const client = await pool.connect();
    const { count: _, ...statements } = statementsFor(table);
    const plans = [];
    for (const [name, text] of Object.entries(statements)) {
      const { rows } = await client.query(`explain (generic_plan) ${text}`);
      plans.push({ name, plan: rows.map((row) => row['QUERY PLAN']).join('\n') });
    }
    client.release();
    expect(plans.filter(({ plan }) => plan.includes(`Seq Scan on ${table}`))).toEqual([]);
    await backend.close();
  });

  it('costs saves and touches nothing: they change the row in place, and leave the indexes alone', {
    timeout: 60_000,
  }, async () => {
    // The server makes room in a page only when nobody can see what was there, and transactions of other tests may.
    let best = 0;
    for (let left = 5; left > 0 && best <= 0.9; left--) best = Math.max(best, await shareInPlace());
    expect(best).toBeGreaterThan(0.9);
  });

  /** Of the updates of a table, those that changed no index. */
  async function shareInPlace(): Promise<number> {
    const table = newTable();
    const [backend] = await opened({ pool, table });
    const session = 'x'.repeat(700);
    let records = Array.from({ length: 50 }, () =>
      sample({ data: session, expiry: { in: 86_400_000, exact: true } }),
    );
    await backend.write(records, within());
    for (let round = 0; round < 20; round++) {
      const expiry = { in: 86_400_000 + round, exact: true };
      records = records.map((record) => updateOf(record, { data: `${round}${session}`, expiry }));
      await backend.write(records, within());
      for (const record of records.slice(0, 10)) {
        await backend.touch([{ id: record.id, revision: record.revision, expiry }], within());
        await backend.write([updateOf(record, { revision: record.revision, expiry })], within());
      }
    }
    await pool.query('select pg_stat_force_next_flush()');
    // Each connection of the pool tells its figures when it is idle for a while, or asked.
    const figures = async () => {
      const { rows } = await pool.query(
        `select n_tup_upd::int as updated, n_tup_hot_upd::int as hot from pg_stat_user_tables where relname = $1`,
        [table],
      );
      return rows[0] as { updated: number; hot: number };
    };
    await expect.poll(async () => (await figures()).updated, { timeout: 15_000 }).toBe(20 * 70);
    const { updated, hot } = await figures();
    await backend.close();
    return hot / updated;
  }
});
