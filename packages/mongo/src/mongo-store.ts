import { SessionStore, type SessionStoreOptions, splitOptions, withRetries } from '@session-stores/core';
import { MongoBackend } from './mongo-backend.js';
import type { MongoBackendOptions } from './mongo-client.js';

/** Where the sessions are, and what all stores have in common. */
export type MongoStoreOptions = MongoBackendOptions & SessionStoreOptions;

/**
 * Sessions in MongoDB, each operation tried once. Where a network can fail, `RetryingMongoStore` is the better choice.
 *
 * @throws InvalidOptionError if an option is missing, unknown or of the wrong type.
 */
export class MongoStore extends SessionStore {
  constructor(options: MongoStoreOptions) {
    const { own, common } = splitOptions<MongoBackendOptions>('MongoStore', options, [
      'client',
      'url',
      'database',
      'collection',
      'writeConcern',
    ]);
    super(new MongoBackend(own as MongoBackendOptions), common);
  }
}

/** Sessions in MongoDB; what fails for a while is tried again, and a lost reply is never applied twice. */
export class RetryingMongoStore extends MongoStore {
  constructor(options: MongoStoreOptions) {
    super(withRetries(options));
  }
}
