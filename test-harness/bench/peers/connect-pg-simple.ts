import { createRequire } from 'node:module';
import type { Subject } from '@session-stores/test-harness';
import session, { type Store } from 'express-session';
import { Pool } from 'pg';

type PgStore = Store & { close(): Promise<void>; pool: Pool };
type MakeStoreClass = (connect: typeof session) => new (options: object) => PgStore;

// Without types of its own.
const PgStore = (createRequire(import.meta.url)('connect-pg-simple') as MakeStoreClass)(session);

const url = new URL(import.meta.url).searchParams.get('url') ?? 'postgres://127.0.0.1';

export default {
  name: 'connect-pg-simple',
  async create({ namespace }) {
    const pool = new Pool({ connectionString: url });
    // As its table.sql has it, whose constraint has a name that a second table could not have.
    await pool.query(
      `CREATE TABLE ${namespace} (sid varchar PRIMARY KEY, sess json NOT NULL, expire timestamp(6) NOT NULL);
       CREATE INDEX ON ${namespace} (expire)`,
    );
    return Object.assign(new PgStore({ pool, tableName: namespace }), { pool });
  },
  async close(store) {
    await (store as PgStore).close();
    await (store as PgStore).pool.end();
  },
} satisfies Subject;
