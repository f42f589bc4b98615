import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Subject, Surroundings } from '@session-stores/test-harness';
import session, { type Store } from 'express-session';
import pg from 'pg';

type PgStore = Store & { close(): Promise<void> };
type MakeStoreClass = (connect: typeof session) => new (options: object) => PgStore;

// Without types of its own.
const require = createRequire(import.meta.url);
const PgStore = (require('connect-pg-simple') as MakeStoreClass)(session);

const url = new URL(import.meta.url).searchParams.get('url') ?? 'postgres://127.0.0.1:5432/postgres';
const { hostname, port } = new URL(url);

/** On the server itself, not through the faults. */
async function query(text: string, values?: unknown[]): Promise<void> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    await client.query(text, values);
  } finally {
    await client.end();
  }
}

/** As its README says: a table made beforehand, by its own SQL. That names an index, so each has a schema of its own. */
async function makeTable(schema: string): Promise<void> {
  const sql = await readFile(require.resolve('connect-pg-simple/table.sql'), 'utf8');
  await query(`do $$ begin
    perform pg_advisory_xact_lock(hashtext('${schema}'));
    if to_regnamespace('${schema}') is null then
      create schema ${schema};
      set local search_path to ${schema};
      ${sql}
    end if;
  end $$`);
}

export default {
  name: 'connect-pg-simple',
  async create({ namespace, address }: Surroundings) {
    await makeTable(namespace);
    const through = new URL(url);
    through.host = `${address?.host}:${address?.port}`;
    return new PgStore({
      conObject: { connectionString: through.href },
      schemaName: namespace,
      errorLog: () => {},
    });
  },
  close: (store) => (store as PgStore).close(),
  supports: {
    network: { host: hostname, port: Number(port || 5432) },
    shared: true,
    processes: import.meta.url,
    // The column takes JSON only; this is a string in which there is none.
    corrupt: (id, { namespace }) =>
      query(`update ${namespace}.session set sess = '"{not json"' where sid = $1`, [id]),
  },
} satisfies Subject;
