import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterAll, expect, it, onTestFinished } from 'vitest';
import { failureOf, one, sample, within } from '../../../test-harness/src/own-tests/backend-calls.js';
import { describeWithServer } from '../../../test-harness/src/servers/needs.js';
import { PostgresBackend } from '../src/index.js';
import { type Migration, prepareSchema, tableNames } from '../src/schema.js';
import { newTable, open, opened } from './samples.js';

describeWithServer('postgres', 'the table', (url) => {
  const pool = new pg.Pool({ connectionString: url });
  afterAll(() => pool.end());

  const versionOf = async (table: string) =>
    (await pool.query(`select version from ${pg.escapeIdentifier(`${table}_schema`)}`)).rows;
  const works = async (backend: PostgresBackend) => {
    const write = sample();
    expect(await one(backend.write([write], within()))).toEqual({ status: 'written' });
    expect(await one(backend.read([write.id], within()))).toMatchObject({ data: write.data });
  };

  it('is made once, and found by the next store', async () => {
    const table = newTable();
    const [first] = await opened({ pool, table });
    const write = sample();
    await first.write([write], within());
    const [second] = await opened({ pool, table });
    expect(await second.read([write.id], within())).toMatchObject([{ id: write.id }]);
    expect(await versionOf(table)).toEqual([{ version: 1 }]);
    await Promise.all([first.close(), second.close()]);
  });

  it('is made by many stores in many processes at once', async () => {
    const table = newTable();
    const program = `
      import { PostgresBackend } from '@session-stores/postgres';
      const [url, table] = process.argv.slice(1);
      const context = { signal: AbortSignal.timeout(20_000), onEvicted() {}, onError() {} };
      process.send('ready');
      process.once('message', async () => {
        await Promise.all(Array.from({ length: 4 }, async () => {
          const backend = new PostgresBackend({ url, table });
          await backend.open(context);
          await backend.close();
        }));
        process.send('opened');
        process.disconnect();
      });
    `;
    const processes = [1, 2, 3].map(() => spawnProgram(program, [url, table]));
    await Promise.all(processes.map(messageOf));
    const done = processes.map(messageOf);
    for (const child of processes) child.send('go');
    expect(await Promise.all(done)).toEqual(['opened', 'opened', 'opened']);
    expect(await versionOf(table)).toEqual([{ version: 1 }]);
  });

  it.each(['repeatable read', 'serializable'])(
    'is made by many stores at once where connections isolate more strictly: %s',
    async (level) => {
      const options = `-c default_transaction_isolation=${level.replace(' ', '\\ ')}`;
      const strict = new pg.Pool({ connectionString: url, options });
      onTestFinished(() => strict.end());
      const table = newTable();
      await Promise.all(Array.from({ length: 6 }, () => opened({ pool: strict, table })));
    },
  );

  it('whose creation failed is made by the next call', async () => {
    const table = newTable();
    await pool.query(`create view ${table} as select 1 as one`);
    const backend = new PostgresBackend({ pool, table });
    expect(await failureOf(open(backend))).toMatchObject({ kind: 'NO_TABLE', transient: false });
    await pool.query(`drop view ${table}`);
    await open(backend);
    await works(backend);
    await backend.close();
  });

  it.each([
    ['quotes, dots and capitals', `A "b".'c`],
    ['a backslash and a dollar', 'a\\b $1'],
    ['the longest length, in letters of two bytes', 'é'.repeat(28)],
    ['a keyword', 'select'],
  ])('and its schema can have any name: %s', async (_, name) => {
    const schema = `${newTable()} ${name}`.slice(0, 40);
    await pool.query(`create schema ${pg.escapeIdentifier(schema)}`);
    const [backend] = await opened({ pool, schema, table: name });
    const [same] = await opened({ pool, schema, table: name });
    await works(backend);
    expect(await same.count(within())).toBe(1);
    expect(await backend.prune(10, within())).toBe(0);
    await backend.clear({ ...within(), grace: 0 });
    expect(await same.count(within())).toBe(0);
    await Promise.all([backend.close(), same.close()]);
  });

  it('is told from another that differs in capitals alone, and from one in another schema', async () => {
    const [table, schema] = [newTable(), newTable()];
    await pool.query(`create schema ${schema}`);
    const [lower] = await opened({ pool, table });
    const [upper] = await opened({ pool, table: table.toUpperCase() });
    const [elsewhere] = await opened({ pool, table, schema });
    await lower.write([sample()], within());
    expect(await Promise.all([lower, upper, elsewhere].map((one) => one.count(within())))).toEqual([1, 0, 0]);
    await Promise.all([lower, upper, elsewhere].map((one) => one.close()));
  });

  it('does not collide with others on the names of constraints and indexes', async () => {
    const schema = newTable();
    await pool.query(`create schema ${schema}`);
    // PostgreSQL cuts the names that it makes off: of these they would be the same.
    const tables = ['x', 'y', 'z'].map((end) => 't'.repeat(55) + end);
    const backends = await Promise.all(
      tables.map(async (table) => (await opened({ pool, schema, table }))[0]),
    );
    for (const backend of backends) await works(backend);
    await Promise.all(backends.map((backend) => backend.close()));
  });

  it('is found through the search path where no schema is named', async () => {
    const [schema, table] = [newTable(), newTable()];
    await pool.query(`create schema ${schema}`);
    const elsewhere = new pg.Pool({ connectionString: url, options: `-c search_path=${schema}` });
    const [backend] = await opened({ pool: elsewhere, table });
    const [named] = await opened({ pool, schema, table });
    await backend.write([sample()], within());
    expect(await named.count(within())).toBe(1);
    await Promise.all([backend.close(), named.close()]);
    await elsewhere.end();
  });

  it('that is missing is an error with the statements to run, where the store is not to make it', async () => {
    const [schema, table] = [newTable(), `${newTable()} "it"`];
    await pool.query(`create schema ${schema}`);
    const backend = new PostgresBackend({ pool, schema, table, createTable: false });
    const failure = (await failureOf(open(backend))) as Error;
    expect(failure).toMatchObject({ kind: 'NO_TABLE', transient: false });
    const [, sql] = failure.message.split(/:\n/) as [string, string];
    expect(sql).toContain(`create table "${schema}"."${table.replaceAll('"', '""')}"`);
    await pool.query(sql);
    await open(backend);
    await works(backend);
    await backend.close();
  });

  it('that the role may not make is an error with the statements to run', async () => {
    const [role, table] = [newTable(), newTable()];
    await pool.query(
      `create role ${role} login; create schema ${table}; grant usage on schema ${table} to ${role}`,
    );
    const asRole = url.replace(/\/\/[^@]*@/, `//${role}@`);
    const backend = new PostgresBackend({ url: asRole, schema: table, table });
    const failure = (await failureOf(open(backend))) as Error;
    expect(failure.message).toMatch(/permission denied for schema/);
    const [, sql] = failure.message.split(/:\n/) as [string, string];
    await pool.query(sql);
    // What the message says that the role needs is enough for everything.
    await pool.query(`
      grant select, insert, update, delete on ${table}.${table} to ${role};
      grant select on ${table}.${table}_schema to ${role}`);
    await open(backend);
    await works(backend);
    const { id } = sample();
    await backend.remove([{ id, birth: 'x', grace: 10 }], within());
    await backend.clear({ ...within(), grace: 10 });
    await backend.prune(10, within());
    await backend.close();
  });

  it('in a schema that there is not is an error that names it', async () => {
    const backend = new PostgresBackend({ pool, schema: 'no such schema' });
    const failure = await failureOf(open(backend));
    expect(failure).toMatchObject({ kind: 'NO_TABLE', transient: false });
    expect(String(failure)).toContain('schema "no such schema" does not exist');
    await backend.close();
  });

  it('of a newer version is left alone, with an error that says what to do', async () => {
    const table = newTable();
    await (await opened({ pool, table }))[0].close();
    await pool.query(`update ${table}_schema set version = 7`);
    const failure = await failureOf(opened({ pool, table }));
    expect(failure).toMatchObject({ transient: false });
    expect(String(failure)).toMatch(/version 7.*update the package/);
    expect(await versionOf(table)).toEqual([{ version: 7 }]);
  });

  it.each([
    'create table % (sid varchar primary key, sess json, expire timestamp(6))',
    'create table %_schema (a text, b text)',
    'create table %_schema (version text)',
    'create table % (id text, data json, birth text, revision text, expires_at timestamptz, sweep_slot bigint)',
    'create table % (id int); create table %_schema (version integer); insert into %_schema values (1)',
  ])('of somebody else is left as it is: %s', async (statement) => {
    const table = newTable();
    await pool.query(statement.replaceAll('%', table));
    const tables = async () =>
      (
        await pool.query(
          `select table_name, column_name, data_type from information_schema.columns
           where table_name like $1 order by 1, 2`,
          [`${table}%`],
        )
      ).rows;
    const before = await tables();
    const failure = await failureOf(opened({ pool, table }));
    expect(failure).toMatchObject({ kind: 'NO_TABLE', transient: false });
    expect(String(failure)).toContain("another name in option 'table'");
    expect(await tables()).toEqual(before);
  });

  it('may have more columns, of the application’s', async () => {
    const table = newTable();
    await (await opened({ pool, table }))[0].close();
    await pool.query(`alter table ${table} add column seen timestamptz default now(),
      add column owner text generated always as (data::json ->> 'user') stored`);
    const [backend] = await opened({ pool, table });
    await works(backend);
    await backend.close();
  });

  it('is made again where somebody dropped it', async () => {
    const table = newTable();
    await (await opened({ pool, table }))[0].close();
    await pool.query(`drop table ${table}`);
    const [backend] = await opened({ pool, table });
    await works(backend);
    await backend.close();
  });

  it('of an older version is brought up to date, once, by whoever comes first; or the statements are printed', async () => {
    const [names, again] = [newTable(), newTable()].map((table) => tableNames({ schema: undefined, table }));
    const v1: Migration = ({ records, version }) => [
      `create table ${records} (id text, data text, birth text, revision text, expires_at timestamptz, sweep_slot bigint)`,
      `create table if not exists ${version} (version integer not null)`,
    ];
    const v2: Migration = ({ records }) => [`alter table ${records} add column owner text`];
    if (names === undefined || again === undefined) throw new Error('there are two');
    const prepare = async (...rest: [typeof names, boolean, readonly Migration[]]) => {
      const client = await pool.connect();
      await prepareSchema(client, ...rest).finally(() => client.release());
    };
    await prepare(names, true, [v1]);
    const printed = String(await failureOf(prepare(names, false, [v1, v2])));
    expect(printed).toMatch(/has version 1, and version 2 is needed/);
    await Promise.all(Array.from({ length: 6 }, () => prepare(names, true, [v1, v2])));
    expect((await pool.query(`select version from ${names.version}`)).rows).toEqual([{ version: 2 }]);
    await pool.query(`insert into ${names.records} (id, owner) values ('a', 'ada')`);

    await prepare(again, true, [v1]);
    const [, sql] = String(await failureOf(prepare(again, false, [v1, v2]))).split(/:\n/) as [string, string];
    await pool.query(sql);
    await prepare(again, false, [v1, v2]);
    // A step that fails changes nothing, and no transaction is left open.
    const v3: Migration = ({ records }) => [
      `alter table ${records} add column third text`,
      `alter table ${records} add column owner text`,
    ];
    await failureOf(prepare(again, true, [v1, v2, v3]));
    expect((await pool.query(`select * from ${again.records}`)).fields).toHaveLength(7);
    expect((await pool.query(`select version from ${again.version}`)).rows).toEqual([{ version: 2 }]);
  });

  it('orders ids by their bytes in a database of any language, and tells them apart by their bytes', async () => {
    const database = newTable();
    await pool.query(
      `create database ${database} template template0 locale_provider icu icu_locale 'en-u-ks-level1' locale 'C'`,
    );
    const [backend] = await opened({ url: url.replace(/\/[^/]*$/, `/${database}`) });
    const ids = ['B', 'a', 'b', 'A', 'á', 'Ä', 'z'];
    await backend.write(
      ids.map((id) => sample({ id })),
      within(),
    );
    const { value: page } = await backend.scan(within()).next();
    expect(page.map(({ id }: { id: string }) => id)).toEqual(['A', 'B', 'a', 'b', 'z', 'Ä', 'á']);
    expect(await backend.remove([{ id: 'a', grace: 0 }], within())).toEqual([{ status: 'removed' }]);
    expect(await backend.count(within())).toBe(6);
    await backend.close();
    await pool.query(`drop database ${database} with (force)`);
  });
});

/** Runs an ES module in another process, from this folder, with an IPC channel. */
function spawnProgram(program: string, parameters: readonly string[]): ChildProcess {
  return spawn(process.execPath, ['--input-type=module', '--eval', program, '--', ...parameters], {
    cwd: fileURLToPath(new URL('.', import.meta.url)),
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
}

/** The next message; rejects if the process ends without one. */
async function messageOf(child: ChildProcess): Promise<unknown> {
  const over = new AbortController();
  const exited = once(child, 'exit', { signal: over.signal }).then(([code]) => {
    throw new Error(`the other process ended with code ${code} before it answered`);
  });
  exited.catch(() => {});
  try {
    const [message] = await Promise.race([once(child, 'message', { signal: over.signal }), exited]);
    return message;
  } finally {
    over.abort();
  }
}
