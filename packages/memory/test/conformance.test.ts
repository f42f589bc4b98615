import { describeSessionStore } from '@session-stores/test-harness';
import { describe, it } from 'vitest';
import { MemoryStore, RetryingMemoryStore } from '../src/index.js';

describeSessionStore({ name: 'MemoryStore', create: () => new MemoryStore() }, { describe, it });
describeSessionStore(
  {
    name: 'RetryingMemoryStore',
    create: () => new RetryingMemoryStore(),
    supports: { retries: true },
  },
  { describe, it },
);
