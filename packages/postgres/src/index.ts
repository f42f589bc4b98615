export { PostgresBackend } from './postgres-backend.js';
export { PostgresFailure, type PostgresFailureKind } from './postgres-failure.js';
export type { PostgresBackendOptions, PostgresClient, PostgresPool } from './postgres-options.js';
export { PostgresStore, type PostgresStoreOptions, RetryingPostgresStore } from './postgres-store.js';
