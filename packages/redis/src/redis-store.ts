import { SessionStore, type SessionStoreOptions, splitOptions, withRetries } from '@session-stores/core';
import { RedisBackend } from './redis-backend.js';
import type { RedisBackendOptions } from './redis-client.js';

/** Where the sessions are, and what all stores have in common. */
export type RedisStoreOptions = RedisBackendOptions & SessionStoreOptions;

/**
 * Sessions in Redis, each operation tried once. Where a network can fail, `RetryingRedisStore` is the better choice.
 *
 * @throws InvalidOptionError if an option is missing, unknown or of the wrong type.
 */
export class RedisStore extends SessionStore {
  constructor(options: RedisStoreOptions) {
    const { own, common } = splitOptions<RedisBackendOptions>('RedisStore', options, [
      'client',
      'url',
      'prefix',
      'replicas',
    ]);
    super(new RedisBackend(own as RedisBackendOptions), common);
  }
}

/** Sessions in Redis; what fails for a while is tried again, and a lost reply is never applied twice. */
export class RetryingRedisStore extends RedisStore {
  constructor(options: RedisStoreOptions) {
    super(withRetries(options));
  }
}
