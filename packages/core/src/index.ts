export type { Callback } from './answer.js';
export { atOnce } from './at-once.js';
export type { AtRestOptions } from './at-rest.js';
export type {
  CallContext,
  ChangeListener,
  ClearContext,
  Expiry,
  ItemError,
  OpenContext,
  ReadAnswer,
  RecordRemoval,
  RecordTouch,
  RecordWrite,
  RemoveAnswer,
  SessionBackend,
  SessionRecord,
  TouchAnswer,
  Watch,
  WatchContext,
  WriteAnswer,
} from './backend.js';
export type { CacheOptions } from './cache-options.js';
export type { CloseReport } from './destroys.js';
export {
  BackendError,
  type ErrorCode,
  InvalidOptionError,
  JournalError,
  recordName,
  SessionStoreError,
} from './errors.js';
export type { RecordEvent, SessionStoreEvents } from './events.js';
export type { Serializer } from './merge.js';
export { type OneItemPrimitives, oneByOne } from './one-by-one.js';
export { type OnConflict, type SessionStoreOptions, splitOptions, withRetries } from './options.js';
export { decodeRecord, encodeRecord, graveText, isGrave, recordStarts } from './record-text.js';
export { type RequireStoreOptions, requireStore, SessionUnavailableError } from './require-store.js';
export type { RetryOptions } from './retry.js';
export { RetryingStore, type RetryingStoreOptions } from './retrying-store.js';
export type { SecretKey } from './secret-key.js';
export { ServerClock } from './server-clock.js';
export { SessionStore } from './store.js';
export { untilAborted } from './until-aborted.js';
export { announcement, type Subscriber, type Subscription, watchChannel } from './watch-channel.js';
