export { MongoBackend } from './mongo-backend.js';
export type {
  MongoBackendOptions,
  MongoClientLike,
  MongoDatabase,
  MongoWriteConcern,
} from './mongo-client.js';
export { MongoFailure, type MongoFailureKind } from './mongo-failure.js';
export { MongoStore, type MongoStoreOptions, RetryingMongoStore } from './mongo-store.js';
