import type { Subject } from '@session-stores/test-harness';
import session, { type SessionData } from 'express-session';
import { Pool } from 'pg';

type Answer = (error: unknown, found?: SessionData) => void;

/** A pool of pg with prepared statements, one a call: the least that a store could do. */
class BarePostgres extends session.Store {
  readonly pool: Pool;
  readonly #table: string;

  constructor(pool: Pool, table: string) {
    super();
    this.pool = pool;
    this.#table = table;
  }

  override get(id: string, callback: Answer): void {
    this.#query('get', `SELECT data FROM ${this.#table} WHERE id = $1 AND expires_at > now()`, [id]).then(
      ({ rows }) => callback(null, rows[0] && JSON.parse(rows[0].data)),
      callback,
    );
  }

  override set(id: string, data: SessionData, callback: Answer): void {
    this.#query(
      'set',
      `INSERT INTO ${this.#table} VALUES ($1, $2, $3)
         ON CONFLICT (id) DO UPDATE SET data = excluded.data, expires_at = excluded.expires_at`,
      [id, JSON.stringify(data), data.cookie.expires],
    ).then(() => callback(null), callback);
  }

  override touch(id: string, data: SessionData, callback: () => void): void {
    this.#query('touch', `UPDATE ${this.#table} SET expires_at = $2 WHERE id = $1`, [
      id,
      data.cookie.expires,
    ]).then(() => callback(), callback);
  }

  override destroy(id: string, callback: Answer): void {
    this.#query('destroy', `DELETE FROM ${this.#table} WHERE id = $1`, [id]).then(
      () => callback(null),
      callback,
    );
  }

  #query(name: string, text: string, values: unknown[]) {
    return this.pool.query({ name, text, values });
  }
}

const url = new URL(import.meta.url).searchParams.get('url') ?? 'postgres://127.0.0.1';

export default {
  name: 'pg',
  async create({ namespace }) {
    const pool = new Pool({ connectionString: url });
    await pool.query(`CREATE TABLE ${namespace} (id text PRIMARY KEY, data text, expires_at timestamptz)`);
    return new BarePostgres(pool, namespace);
  },
  close: (store) => (store as BarePostgres).pool.end(),
} satisfies Subject;
