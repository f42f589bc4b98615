import { SessionStore, type SessionStoreOptions, splitOptions, withRetries } from '@session-stores/core';
import { SqliteBackend } from './sqlite-backend.js';
import type { SqliteBackendOptions } from './sqlite-options.js';

export interface SqliteStoreOptions extends SqliteBackendOptions, SessionStoreOptions {}

/** Sessions in a table of an SQLite database, which several processes of one machine may share. */
export class SqliteStore extends SessionStore {
  /** Throws `InvalidOptionError`. */
  constructor(options: SqliteStoreOptions) {
    const names = ['database', 'path', 'table'] as const;
    const { own, common } = splitOptions<SqliteBackendOptions>('SqliteStore', options, names);
    super(new SqliteBackend(own), common);
  }
}

/** The same with retries: what fails for a while, such as a disk, is tried again. */
export class RetryingSqliteStore extends SqliteStore {
  constructor(options: SqliteStoreOptions) {
    super(withRetries(options));
  }
}
