import { SessionStore, type SessionStoreOptions, splitOptions, withRetries } from '@session-stores/core';
import { PostgresBackend } from './postgres-backend.js';
import { checkCache, optionNames, type PostgresBackendOptions } from './postgres-options.js';

export interface PostgresStoreOptions extends PostgresBackendOptions, SessionStoreOptions {}

/**
 * Sessions in a table of a PostgreSQL database, each operation tried once. Where a network can fail,
 * `RetryingPostgresStore` is the better choice.
 *
 * @throws InvalidOptionError if an option is missing, unknown or of the wrong type.
 */
export class PostgresStore extends SessionStore {
  constructor(options: PostgresStoreOptions) {
    const { own, common } = splitOptions<PostgresBackendOptions>('PostgresStore', options, optionNames);
    if (common.cache) checkCache(own, common.cache);
    super(new PostgresBackend(own), common);
  }
}

/** Sessions in PostgreSQL; what fails for a while is tried again, and a lost reply is never applied twice. */
export class RetryingPostgresStore extends PostgresStore {
  constructor(options: PostgresStoreOptions) {
    super(withRetries(options));
  }
}
