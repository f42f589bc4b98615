export { MemoryBackend, type MemoryBackendOptions } from './memory-backend.js';
export { MemoryStore, type MemoryStoreOptions, RetryingMemoryStore } from './memory-store.js';
