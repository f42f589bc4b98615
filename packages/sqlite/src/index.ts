export { SqliteBackend } from './sqlite-backend.js';
export type { SqliteBackendOptions, SqliteDatabase, SqliteStatement } from './sqlite-options.js';
export { RetryingSqliteStore, SqliteStore, type SqliteStoreOptions } from './sqlite-store.js';
