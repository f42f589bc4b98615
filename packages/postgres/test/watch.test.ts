import { startFaultProxy } from '@session-stores/test-harness';
import pg from 'pg';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { sample, within } from '../../../test-harness/src/own-tests/backend-calls.js';
import { describeWithServer } from '../../../test-harness/src/servers/needs.js';
import type { PostgresBackend } from '../src/index.js';
import { newTable, opened, updateOf } from './samples.js';

const deaf = { changed() {}, toldUntil() {}, lost() {} };

describeWithServer('postgres', 'who listens to changes', (url) => {
  const pool = new pg.Pool({ connectionString: url, max: 20 });
  const table = newTable();
  let backend: PostgresBackend;
  beforeAll(async () => {
    [backend] = await opened({ pool, table });
  });
  afterAll(() => pool.end());

  it('is told of each record that a batch changes, and of no other', async () => {
    const [a, b] = [sample(), sample()];
    await backend.write([a, b], within());
    const listener = new pg.Client(url);
    await listener.connect();
    onTestFinished(() => listener.end());
    const told: string[] = [];
    listener.on('notification', ({ payload = '' }) => told.push(payload));
    const { rows } = await listener.query('select $1::regclass::oid::text as oid', [table]);
    await listener.query(`listen session_stores_${rows[0].oid}`);
    const context = { ...within(), announceAs: 'me' };
    const [newA, newB] = [updateOf(a), updateOf(b)];
    await backend.write([newA, newB, sample()], context);
    await expect.poll(() => told.length).toBe(2);
    const expiry = { in: 90_000, exact: true };
    await backend.touch(
      [newA, newB].map(({ id, revision }) => ({ id, revision, expiry })),
      context,
    );
    await expect.poll(() => told.length).toBe(4);
    expect(new Set(told).size).toBe(2);
  });

  it('leaves a pool no connection that still listens', async () => {
    const own = new pg.Pool({ connectionString: url });
    onTestFinished(() => own.end());
    const [watching] = await opened({ pool: own, table });
    const told: number[] = [];
    const watch = await watching.watch(
      { changed() {}, toldUntil: (moment) => told.push(moment), lost() {} },
      { onError() {} },
    );
    await expect.poll(() => told.length).toBeGreaterThan(0);
    expect(own.totalCount - own.idleCount).toBeGreaterThan(0);
    const before = own.totalCount;
    await watch.stop();
    await expect.poll(() => own.totalCount).toBe(before - 1);
    const clients = await Promise.all(Array.from({ length: before }, () => own.connect()));
    for (const client of clients) {
      expect((await client.query('select pg_listening_channels()')).rows).toEqual([]);
      client.release();
    }
  });

  it('hears its own beats alone', async () => {
    const names = new Set<string>();
    const client = new pg.Client(url);
    await client.connect();
    onTestFinished(() => client.end());
    const up = async () => {
      const [own] = await opened({ pool, table });
      const told: number[] = [];
      const watch = await own.watch(
        { changed() {}, toldUntil: (moment) => told.push(moment), lost() {} },
        { onError() {} },
      );
      await expect.poll(() => told.length).toBeGreaterThan(0);
      return watch;
    };
    const watches = [await up(), await up()];
    const { rows } = await pool.query(
      `select query from pg_stat_activity where query like 'listen "session\\_stores\\_%\\_%"'`,
    );
    for (const { query } of rows) names.add(query);
    await Promise.all(watches.map((watch) => watch.stop()));
    expect(names.size).toBe(2);
  });

  it('takes no connection for good where listening cannot begin', async () => {
    const pool = new pg.Pool({ connectionString: url });
    onTestFinished(() => pool.end());
    const table = newTable();
    const [backend] = await opened({ pool, table });
    await pool.query(`drop table ${table}`);
    let failures = 0;
    const watch = await backend.watch(deaf, { onError: () => failures++ });
    await expect.poll(() => failures).toBeGreaterThan(0);
    await watch.stop();
    expect(pool.totalCount - pool.idleCount).toBe(0);
  });

  it('gives the connection up at once where it stops while the server is silent', async () => {
    const own = new URL(url);
    const proxy = await startFaultProxy({ host: own.hostname, port: Number(own.port) });
    onTestFinished(() => proxy.close());
    own.port = `${proxy.address.port}`;
    const pool = new pg.Pool({ connectionString: own.href, max: 1 });
    pool.on('error', () => {});
    const [backend] = await opened({ pool, table: newTable() });
    await proxy.setMode('silence');
    const watch = await backend.watch(deaf, { onError() {} });
    await expect.poll(() => pool.totalCount - pool.idleCount).toBe(1);
    await watch.stop();
    await expect.poll(() => pool.totalCount, { timeout: 2_000 }).toBe(0);
  });
});
