import { readFile, writeFile } from 'node:fs/promises';
import { inspect } from 'node:util';
import { type PostgresServer, startPostgres } from '@session-stores/test-harness';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { failureOf, one, sample, within } from '../../../test-harness/src/own-tests/backend-calls.js';
import { describeWithServer } from '../../../test-harness/src/servers/needs.js';
import { PostgresBackend, PostgresFailure, PostgresStore } from '../src/index.js';
import { during, newTable, open, opened, waitingForLocks } from './samples.js';

describeWithServer('postgres-server', 'failures of the server', () => {
  let server: PostgresServer;
  let pool: pg.Pool;
  beforeAll(async () => {
    server = await startPostgres();
    pool = new pg.Pool({ connectionString: server.url });
    pool.on('error', () => {});
  });
  afterAll(async () => {
    await pool.end();
    await server.stop();
  });

  const urlWith = (change: (url: URL) => void) => {
    const url = new URL(server.url);
    change(url);
    return url.href;
  };
  const openFailure = async (url: string) => {
    const backend = new PostgresBackend({ url });
    try {
      return await failureOf(backend.open({ ...within(800), onError() {}, onEvicted() {} }));
    } finally {
      await backend.close();
    }
  };
  /** A backend of which every change is refused by a trigger that raises this. */
  const raising = async (sqlState: string) => {
    const table = newTable();
    const [backend] = await opened({ pool, table });
    await pool.query(`
      create function ${table}_raise() returns trigger language plpgsql as $$
        begin raise sqlstate '${sqlState}' using message = 'not ' || new.data, detail = new.id, hint = new.data; end $$;
      create trigger raises before insert or update on ${table} for each row execute function ${table}_raise()`);
    return backend;
  };

  it.each([
    ['08006', 'CONNECTION', true],
    ['53200', 'OUT_OF_MEMORY', true],
    ['40001', 'SERIALIZATION', true],
    ['40P01', 'DEADLOCK', true],
    ['55P03', 'LOCKED', true],
    ['57014', 'CANCELED', true],
    ['57P01', 'SHUTDOWN', true],
    ['57P02', 'SHUTDOWN', true],
    ['58030', 'INPUT_OUTPUT', true],
    ['53100', 'DISK_FULL', false],
    ['42501', 'PERMISSION', false],
    ['XX000', 'SERVER', false],
  ])('%s is %s; transient: %s', async (sqlState, kind, transient) => {
    const backend = await raising(sqlState);
    const failure = await failureOf(backend.write([sample({ data: '{"secret":"cucumber"}' })], within()));
    expect(failure).toBeInstanceOf(PostgresFailure);
    expect(failure).toMatchObject({ kind, transient, sqlState });
    expect(backend.isTransient(failure)).toBe(transient);
    expect(inspect(failure, { showHidden: true })).not.toMatch(/cucumber|id-\d/);
    await backend.close();
  });

  it.each([
    ['22001', 'a value'],
    ['23514', 'a check'],
    ['P0001', 'an exception'],
  ])(
    '%s, %s of the application’s, fails the one item, and says nothing of what is in it',
    async (sqlState) => {
      const backend = await raising(sqlState);
      const write = sample({ data: '{"secret":"cucumber"}' });
      const answer = await one(backend.write([write], within()));
      expect(answer).toMatchObject({
        status: 'error',
        error: { kind: 'REFUSED', transient: false, sqlState },
      });
      expect(inspect(answer, { depth: 9, showHidden: true })).not.toMatch(/cucumber|id-\d/);
      await backend.close();
    },
  );

  it('a constraint that refuses an item is named', async () => {
    const table = newTable();
    const [backend] = await opened({ pool, table });
    await pool.query(`alter table ${table} add constraint short check (length(data) < 100)`);
    const answers = await backend.write([sample({ data: 'x'.repeat(200) }), sample()], within());
    expect(answers).toMatchObject([
      { status: 'error', error: { message: expect.stringContaining('constraint short') } },
      { status: 'written' },
    ]);
    await backend.close();
  });

  it('data with a zero byte fails alone, among many and by itself', async () => {
    const [backend] = await opened({ pool });
    const writes = Array.from({ length: 20 }, (_, index) => sample(index === 13 ? { data: 'a\0b' } : {}));
    const statuses = (await backend.write(writes, within())).map(({ status }) => status);
    expect(statuses).toEqual(writes.map((_, index) => (index === 13 ? 'error' : 'written')));
    expect(await backend.write([sample({ data: '\0' })], within())).toMatchObject([{ status: 'error' }]);
    await backend.close();
  });

  it('a wrong password, an unknown role and an unknown database need somebody', async () => {
    const { rows } = await pool.query('show hba_file');
    const file: string = rows[0].hba_file;
    const rules = await readFile(file, 'utf8');
    await writeFile(file, `host all locked_out 127.0.0.1/32 scram-sha-256\n${rules}`);
    await pool.query(`create role locked_out login password 'right'`);
    await pool.query('select pg_reload_conf()');
    const asRole = (role: string, password: string) =>
      urlWith((url) => {
        url.username = role;
        url.password = password;
      });
    await expect
      .poll(() => openFailure(asRole('locked_out', 'sesame')))
      .toMatchObject({ kind: 'AUTHENTICATION', sqlState: '28P01', transient: false });
    const without = await openFailure(asRole('locked_out', ''));
    expect(without).toMatchObject({ kind: 'AUTHENTICATION', transient: false });
    const unknown = await openFailure(asRole('nobody_knows', 'sesame'));
    expect(unknown).toMatchObject({ kind: 'AUTHENTICATION', sqlState: '28000', transient: false });
    expect(inspect(unknown, { showHidden: true })).not.toContain('sesame');
    const lost = await openFailure(urlWith((url) => (url.pathname = '/lost')));
    expect(lost).toMatchObject({ kind: 'NO_DATABASE', transient: false });
  });

  it('a role that has its last connection waits, and then says so', async () => {
    await pool.query('create role busy login connection limit 0');
    const failure = await openFailure(urlWith((url) => (url.username = 'busy')));
    expect(failure).toMatchObject({ kind: 'CONNECTION', transient: true });
    expect(String(failure)).toContain('53300');
  });

  it.each([
    ['statement_timeout=60', 'CANCELED'],
    ['lock_timeout=60', 'LOCKED'],
  ])('a limit that somebody has set for the role, %s: %s, for now', async (setting, kind) => {
    const table = newTable();
    await (await opened({ pool, table }))[0].close();
    const limited = new pg.Pool({ connectionString: server.url, options: `-c ${setting}` });
    const backend = new PostgresBackend({ pool: limited, table });
    const failure = await during(pool, `lock table ${table}`, () =>
      failureOf(backend.read(['a', 'b'], within())),
    );
    expect(failure).toMatchObject({ kind, transient: true });
    expect(await backend.read(['a', 'b'], within())).toEqual([undefined, undefined]);
    await backend.close();
    await limited.end();
  });

  it('a server that takes no writes: for now', async () => {
    const table = newTable();
    await (await opened({ pool, table }))[0].close();
    const readOnly = new pg.Pool({
      connectionString: server.url,
      options: '-c default_transaction_read_only=on',
    });
    const backend = new PostgresBackend({ pool: readOnly, table });
    await open(backend);
    const failure = await failureOf(backend.write([sample()], within()));
    expect(failure).toMatchObject({ kind: 'READ_ONLY', sqlState: '25006', transient: true });
    // That connection is not used again: after a failover another one finds the new primary.
    expect(readOnly.totalCount).toBe(0);
    await backend.close();
    await readOnly.end();
  });

  it('a table that was dropped, and a right that was taken away, need somebody', async () => {
    const table = newTable();
    const [backend] = await opened({ pool, table });
    await pool.query(`create role ${table} login; grant select on ${table} to ${table}`);
    const guest = new PostgresBackend({ url: urlWith((url) => (url.username = table)), table });
    const refused = await failureOf(guest.write([sample()], within()));
    expect(refused).toMatchObject({ kind: 'PERMISSION', transient: false });
    expect(String(refused)).toContain(`permission denied for table ${table}`);
    await pool.query(`drop table ${table}`);
    expect(await failureOf(backend.read(['a'], within()))).toMatchObject({
      kind: 'NO_TABLE',
      transient: false,
    });
    await guest.close();
    await backend.close();
  });

  it('a column whose type was changed under a prepared statement: for now, and then as before', async () => {
    const table = newTable();
    const [backend] = await opened({ pool, table });
    const write = sample();
    await backend.write([write], within());
    for (let warm = 0; warm < 3; warm++) await backend.read([write.id], within());
    await pool.query(`alter table ${table} alter column data type varchar(10000)`);
    const failure = await failureOf(backend.read([write.id], within()));
    expect(failure).toMatchObject({ kind: 'PLAN_CHANGED', transient: true });
    await expect
      .poll(() => backend.read([write.id], within()).catch(() => undefined))
      .toMatchObject([{ data: write.data }]);
    await backend.close();
  });

  it('prepared statements that vanish, as behind a pooler: the error says what to do', async () => {
    const single = new pg.Pool({ connectionString: server.url, max: 1 });
    const [backend] = await opened({ pool: single });
    await backend.read(['a'], within());
    await single.query('deallocate all');
    const failure = await failureOf(backend.read(['a'], within()));
    expect(failure).toMatchObject({ kind: 'PREPARED_STATEMENT', sqlState: '26000', transient: false });
    expect(String(failure)).toContain('preparedStatements: false');
    expect(await backend.read(['a'], within())).toEqual([undefined]);
    await backend.close();
    await single.end();
  });

  it.each([
    ['nobody listens', 'postgres://postgres@127.0.0.1:1/postgres', 'ECONNREFUSED'],
    ['there is no such socket', 'postgres://postgres@%2Fno%2Fsuch%2Ffolder/postgres', 'ENOENT'],
    ['there is no such host', 'postgres://postgres@no-such-host.invalid/postgres', 'no-such-host'],
  ])('%s: for now, and never with the code ENOENT', async (_, url, said) => {
    const failure = await openFailure(url);
    expect(failure).toMatchObject({ kind: 'CONNECTION', transient: true });
    expect(String(failure)).toContain(said);
    expect(failure).not.toHaveProperty('code');
    const store = new PostgresStore({ url, operationTimeout: 300 });
    expect(await failureOf(store.get('a'))).toMatchObject({ code: expect.stringMatching(/TIMEOUT|BACKEND/) });
    await store.close();
  });

  it('TLS that the server has not needs somebody', async () => {
    const failure = await openFailure(urlWith((url) => url.searchParams.set('sslmode', 'require')));
    expect(failure).toMatchObject({ kind: 'TLS', transient: false });
  });

  it('a pool that was ended, and a store that was closed, need somebody', async () => {
    const ended = new pg.Pool({ connectionString: server.url });
    await ended.end();
    const late = new PostgresBackend({ pool: ended });
    expect(await failureOf(late.read(['a'], within()))).toMatchObject({ kind: 'CLOSED', transient: false });
    const [closed] = await opened({ pool });
    await closed.close();
    expect(await failureOf(closed.read(['a'], within()))).toMatchObject({ kind: 'CLOSED', transient: false });
  });

  it('the crash of another server process: for now, and calls wait until the server has recovered', async () => {
    const table = newTable();
    const [backend] = await opened({ pool, table });
    const other = new pg.Client(server.url);
    other.on('error', () => {});
    await other.connect();
    const { rows } = await other
      .query(`begin; lock table ${table}; select pg_backend_pid() as pid`)
      .then((results) => (results as unknown as pg.QueryResult[])[2] as pg.QueryResult);
    const failed = failureOf(backend.read(['a'], within()));
    await waitingForLocks(pool, table, 1);
    process.kill(rows[0].pid, 'SIGKILL');
    expect(await failed).toMatchObject({ kind: 'CONNECTION', transient: true });
    // What the next call gets may be a connection that has not heard of it yet.
    const read = () => backend.read(['a'], within(15_000)).catch((error: unknown) => error);
    await expect.poll(read, { timeout: 15_000 }).toEqual([undefined]);
    await backend.close();
  });

  it('a server that shuts down: for now, and calls wait until it is back', async () => {
    const table = newTable();
    await (await opened({ pool, table }))[0].close();
    const guest = new pg.Client(server.url);
    guest.on('error', () => {});
    await guest.connect();
    const { rows } = await guest.query('show data_directory');
    const [postmaster] = (await readFile(`${rows[0].data_directory}/postmaster.pid`, 'utf8')).split('\n');
    process.kill(Number(postmaster), 'SIGTERM'); // Until the guest has gone, nobody new is let in.
    await expect
      .poll(async () => String(await openFailure(server.url)), { timeout: 8_000 })
      .toContain('57P03');
    const backend = new PostgresBackend({ url: server.url, table });
    const waiting = backend.read(['a'], within(15_000));
    await server.restart();
    expect(await waiting).toEqual([undefined]);
    await backend.close();
  });
});
