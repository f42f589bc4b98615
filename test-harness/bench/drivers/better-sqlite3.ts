import { join } from 'node:path';
import type { Subject } from '@session-stores/test-harness';
import Database, { type Statement } from 'better-sqlite3';
import session, { type SessionData } from 'express-session';

/** better-sqlite3 with prepared statements, each call a transaction of its own: the least that a store could do. */
class BareSqlite extends session.Store {
  readonly database: Database.Database;
  readonly #get: Statement;
  readonly #set: Statement;
  readonly #touch: Statement;
  readonly #delete: Statement;

  constructor(path: string) {
    super();
    this.database = new Database(path);
    // What a confirmed logout needs, as in SqliteStore: a commit is on the disk when it returns.
    this.database.pragma('journal_mode = WAL');
    this.database.pragma('synchronous = FULL');
    this.database.exec('CREATE TABLE sessions (id TEXT PRIMARY KEY, data TEXT, expires_at REAL) STRICT');
    this.#get = this.database.prepare('SELECT data FROM sessions WHERE id = ? AND expires_at > ?');
    this.#set = this.database.prepare('INSERT OR REPLACE INTO sessions VALUES (?, ?, ?)');
    this.#touch = this.database.prepare('UPDATE sessions SET expires_at = ? WHERE id = ?');
    this.#delete = this.database.prepare('DELETE FROM sessions WHERE id = ?');
  }

  override get(id: string, callback: (error: unknown, found?: SessionData) => void): void {
    const row = this.#get.get(id, Date.now()) as { data: string } | undefined;
    callback(null, row && JSON.parse(row.data));
  }

  override set(id: string, data: SessionData, callback: () => void): void {
    this.#set.run(id, JSON.stringify(data), expiryOf(data));
    callback();
  }

  override touch(id: string, data: SessionData, callback: () => void): void {
    this.#touch.run(expiryOf(data), id);
    callback();
  }

  override destroy(id: string, callback: () => void): void {
    this.#delete.run(id);
    callback();
  }
}

function expiryOf({ cookie }: SessionData): number {
  return Date.now() + (cookie.originalMaxAge ?? 0);
}

export default {
  name: 'better-sqlite3',
  create: ({ directory }) => new BareSqlite(join(directory, 'sessions.db')),
  close: (store) => {
    (store as BareSqlite).database.close();
  },
} satisfies Subject;
