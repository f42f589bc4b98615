import { resolve } from 'node:path';
import { InvalidOptionError } from '@session-stores/core';

/** What is used of a better-sqlite3 database, so that any copy and version of it will do. */
export interface SqliteDatabase {
  readonly open: boolean;
  readonly inTransaction: boolean;
  prepare(source: string): SqliteStatement;
  exec(source: string): unknown;
  pragma(source: string, options?: { simple?: boolean }): unknown;
  close(): unknown;
}

export interface SqliteStatement {
  run(...parameters: unknown[]): { readonly changes: number };
  get(...parameters: unknown[]): unknown;
  all(...parameters: unknown[]): unknown[];
}

export interface SqliteBackendOptions {
  /** An open better-sqlite3 database. It stays the caller's: its settings are left alone and `close` leaves it open. */
  readonly database?: SqliteDatabase | undefined;
  /** The database file, made if it does not exist; or `:memory:`. One of `path` and `database` is needed. */
  readonly path?: string | undefined;
  /** The name of the table. Default `sessions`. */
  readonly table?: string | undefined;
}

export interface SqliteSettings {
  readonly source: { readonly database: SqliteDatabase } | { readonly path: string };
  readonly table: string;
}

/** Throws `InvalidOptionError`. */
export function sqliteSettings(options: SqliteBackendOptions): SqliteSettings {
  const { database, path, table = 'sessions' } = options ?? {};
  if ((database === undefined) === (path === undefined)) {
    throw invalid("pass either { path: './sessions.db' } or { database }, an open better-sqlite3 database");
  }
  checkTable(table);
  if (database !== undefined) {
    checkDatabase(database);
    return { source: { database }, table };
  }
  if (typeof path !== 'string' || path.trim() === '' || path.includes('\u0000')) {
    throw invalid("option 'path' must be the path of a file, such as './sessions.db', or ':memory:'");
  }
  // Resolved now: the file is opened later, and the working directory may be another by then.
  const isName = path.trim() === ':memory:' || path.startsWith('file:');
  return { source: { path: isName ? path : resolve(path) }, table };
}

function checkTable(table: unknown): void {
  const isName =
    typeof table === 'string' &&
    table.length >= 1 &&
    table.length <= 128 &&
    !table.includes('\0') &&
    table.isWellFormed();
  if (!isName || /^sqlite_/i.test(table)) {
    throw invalid(
      "option 'table' must be a name of 1 to 128 characters that does not begin with 'sqlite_', such as 'sessions'",
    );
  }
}

function checkDatabase(database: unknown): void {
  const { open, inTransaction, prepare, exec, pragma, close } = Object(database);
  const methods = [prepare, exec, pragma, close];
  if (typeof inTransaction !== 'boolean' || methods.some((method) => typeof method !== 'function')) {
    throw invalid(
      "option 'database' must be a database of better-sqlite3: new Database('./sessions.db'); for a file name use 'path'",
    );
  }
  if (open !== true) throw invalid("option 'database' must be open, but this database is closed");
}

function invalid(message: string): InvalidOptionError {
  return new InvalidOptionError(`SqliteStore: ${message}`);
}
