import type { RecordWrite, SessionRecord } from '@session-stores/core';
import { type TableNames, tableNames } from './schema.js';
import type { SqliteDatabase, SqliteStatement } from './sqlite-options.js';

interface HeadRow {
  readonly birth: string;
  readonly revision: string;
  readonly expires_at: number;
}

interface Row extends HeadRow {
  readonly id: string;
  readonly data: string;
}

/** A record without its data, which may be long. */
export type Head = Pick<SessionRecord, 'birth' | 'revision' | 'expiresAt'>;

/** A new grave takes so many with it whose grace has ended: more than it adds, so that they cannot pile up without a sweeper. */
const endedPerGrave = 2;

/** Everything that is ever asked of the tables, prepared once. Times are epoch ms. */
export class Statements {
  readonly #live: SqliteStatement;
  readonly #liveHead: SqliteStatement;
  readonly #put: SqliteStatement;
  readonly #move: SqliteStatement;
  readonly #delete: SqliteStatement;
  readonly #grave: SqliteStatement;
  readonly #dig: SqliteStatement;
  readonly #page: SqliteStatement;
  readonly #count: SqliteStatement;
  readonly #clear: SqliteStatement;
  readonly #anyExpired: SqliteStatement;
  readonly #prune: SqliteStatement;
  readonly #pruneGraves: SqliteStatement;

  constructor(database: SqliteDatabase, table: string) {
    const { records, graves }: TableNames = tableNames(table);
    const row = 'id, data, birth, revision, expires_at';
    this.#live = database.prepare(`SELECT ${row} FROM ${records} WHERE id = ? AND expires_at > ?`);
    this.#liveHead = database.prepare(
      `SELECT birth, revision, expires_at FROM ${records} WHERE id = ? AND expires_at > ?`,
    );
    this.#put = database.prepare(
      `INSERT INTO ${records} (${row}) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET data = excluded.data, birth = excluded.birth,
         revision = excluded.revision, expires_at = excluded.expires_at`,
    );
    this.#move = database.prepare(`UPDATE ${records} SET expires_at = ? WHERE id = ?`);
    this.#delete = database.prepare(`DELETE FROM ${records} WHERE id = ?`);
    this.#grave = database.prepare(`SELECT 1 FROM ${graves} WHERE id = ? AND birth = ? AND ends_at > ?`);
    this.#dig = database.prepare(
      `INSERT INTO ${graves} (id, birth, ends_at) VALUES (?, ?, ?)
       ON CONFLICT (id, birth) DO UPDATE SET ends_at = max(ends_at, excluded.ends_at)`,
    );
    this.#page = database.prepare(
      `SELECT ${row} FROM ${records} WHERE id > ? AND expires_at > ? ORDER BY id LIMIT ?`,
    );
    this.#count = database.prepare(`SELECT count(*) AS live FROM ${records} WHERE expires_at > ?`);
    this.#clear = database.prepare(`DELETE FROM ${records}`);
    this.#anyExpired = database.prepare(
      `SELECT 1 WHERE EXISTS (SELECT 1 FROM ${records} WHERE expires_at <= ?)
         OR EXISTS (SELECT 1 FROM ${graves} WHERE ends_at <= ?)`,
    );
    this.#prune = database.prepare(
      `DELETE FROM ${records} WHERE rowid IN (SELECT rowid FROM ${records} WHERE expires_at <= ? LIMIT ?)`,
    );
    this.#pruneGraves = database.prepare(
      `DELETE FROM ${graves} WHERE (id, birth) IN
         (SELECT id, birth FROM ${graves} WHERE ends_at <= ? LIMIT ?)`,
    );
  }

  live(id: string, now: number): SessionRecord | undefined {
    const row = this.#live.get(id, now);
    return row === undefined ? undefined : recordOf(row as Row);
  }

  liveHead(id: string, now: number): Head | undefined {
    const row = this.#liveHead.get(id, now) as HeadRow | undefined;
    return row === undefined
      ? undefined
      : { birth: row.birth, revision: row.revision, expiresAt: row.expires_at };
  }

  put({ id, data, birth, revision }: RecordWrite, expiresAt: number): void {
    this.#put.run(id, data, birth, revision, expiresAt);
  }

  move(id: string, expiresAt: number): void {
    this.#move.run(expiresAt, id);
  }

  delete(id: string): void {
    this.#delete.run(id);
  }

  hasGrave(id: string, birth: string, now: number): boolean {
    return this.#grave.get(id, birth, now) !== undefined;
  }

  /** A birth that is in its grave already stays there for the longer of both times. */
  dig(id: string, birth: string, grace: number, now: number): void {
    if (grace <= 0) return;
    this.#pruneGraves.run(now, endedPerGrave);
    this.#dig.run(id, birth, now + grace);
  }

  /** The live records after the id `after`, in the order of ids; at most `limit`. */
  page(after: string, limit: number, now: number): SessionRecord[] {
    return (this.#page.all(after, now, limit) as Row[]).map(recordOf);
  }

  count(now: number): number {
    return Number((this.#count.get(now) as { live: unknown }).live);
  }

  clear(): void {
    this.#clear.run();
  }

  anyExpired(now: number): boolean {
    return this.#anyExpired.get(now, now) !== undefined;
  }

  /** Deletes at most `limit` expired records, then graves whose grace has ended. */
  prune(limit: number, now: number): number {
    const { changes } = this.#prune.run(now, limit);
    return changes + this.#pruneGraves.run(now, limit - changes).changes;
  }
}

function recordOf({ id, data, birth, revision, expires_at: expiresAt }: Row): SessionRecord {
  return { id, data, birth, revision, expiresAt };
}
