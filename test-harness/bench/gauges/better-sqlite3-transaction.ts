import { join } from 'node:path';
import type { Subject } from '@session-stores/test-harness';
import Database from 'better-sqlite3';
import session, { type SessionData } from 'express-session';

type Answer = (error: unknown, found?: SessionData) => void;

/**
 * What SQLite can take: all calls of one turn of the event loop in one transaction, and nothing else. A store cannot be like
 * that, because it compares nothing before it writes.
 */
class OneTransaction extends session.Store {
  readonly database: Database.Database;
  readonly #statements: Readonly<Record<'get' | 'set' | 'touch' | 'delete', Database.Statement>>;
  #waiting: (() => () => void)[] = [];

  constructor(path: string) {
    super();
    this.database = new Database(path);
    this.database.pragma('journal_mode = WAL');
    this.database.pragma('synchronous = FULL');
    this.database.exec('CREATE TABLE sessions (id TEXT PRIMARY KEY, data TEXT, expires_at REAL) STRICT');
    this.#statements = {
      get: this.database.prepare('SELECT data FROM sessions WHERE id = ? AND expires_at > ?'),
      set: this.database.prepare('INSERT OR REPLACE INTO sessions VALUES (?, ?, ?)'),
      touch: this.database.prepare('UPDATE sessions SET expires_at = ? WHERE id = ?'),
      delete: this.database.prepare('DELETE FROM sessions WHERE id = ?'),
    };
  }

  override get(id: string, callback: Answer): void {
    this.#inNextTransaction(() => {
      const row = this.#statements.get.get(id, Date.now()) as { data: string } | undefined;
      return () => callback(null, row && JSON.parse(row.data));
    });
  }

  override set(id: string, data: SessionData, callback: () => void): void {
    const text = JSON.stringify(data);
    this.#inNextTransaction(() => {
      this.#statements.set.run(id, text, expiryOf(data));
      return callback;
    });
  }

  override touch(id: string, data: SessionData, callback: () => void): void {
    this.#inNextTransaction(() => {
      this.#statements.touch.run(expiryOf(data), id);
      return callback;
    });
  }

  override destroy(id: string, callback: () => void): void {
    this.#inNextTransaction(() => {
      this.#statements.delete.run(id);
      return callback;
    });
  }

  #inNextTransaction(work: () => () => void): void {
    if (this.#waiting.push(work) === 1) setImmediate(() => this.#commit());
  }

  #commit(): void {
    const batch = this.#waiting;
    this.#waiting = [];
    const answers = this.database.transaction(() => batch.map((work) => work()))();
    for (const answer of answers) answer();
  }
}

function expiryOf({ cookie }: SessionData): number {
  return Date.now() + (cookie.originalMaxAge ?? 0);
}

export default {
  name: 'one transaction of better-sqlite3',
  create: ({ directory }) => new OneTransaction(join(directory, 'sessions.db')),
  close: (store) => {
    (store as OneTransaction).database.close();
  },
} satisfies Subject;
