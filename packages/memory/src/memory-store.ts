import { SessionStore, type SessionStoreOptions, splitOptions, withRetries } from '@session-stores/core';
import { MemoryBackend, type MemoryBackendOptions } from './memory-backend.js';

export interface MemoryStoreOptions extends MemoryBackendOptions, SessionStoreOptions {}

/** Sessions in the memory of this process: gone when it ends, not shared with other processes. */
export class MemoryStore extends SessionStore {
  /** Throws `InvalidOptionError`. */
  constructor(options: MemoryStoreOptions = {}) {
    const { own, common } = splitOptions<MemoryBackendOptions>('MemoryStore', options, ['maxEntries']);
    super(new MemoryBackend(own), common);
  }
}

/** The same with retries. Memory never fails for a while, so they only matter to code that is written for any store. */
export class RetryingMemoryStore extends MemoryStore {
  constructor(options: MemoryStoreOptions = {}) {
    super(withRetries(options));
  }
}
