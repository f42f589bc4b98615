export { RedisBackend } from './redis-backend.js';
export type { IoredisClient, NodeRedisClient, RedisBackendOptions, RedisClient } from './redis-client.js';
export { RedisFailure, type RedisFailureKind } from './redis-failure.js';
export { RedisStore, type RedisStoreOptions, RetryingRedisStore } from './redis-store.js';
