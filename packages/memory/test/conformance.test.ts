import { describeSessionStore } from '@session-stores/test-harness';
import { describe, it } from 'vitest';
import { MemoryStore, RetryingMemoryStore } from '../src/index.js';

const runner = { describe, describeAtOnce: describe.concurrent, it, itAtOnce: it.concurrent };

describeSessionStore({ name: 'MemoryStore', create: () => new MemoryStore() }, runner);
describeSessionStore(
  {
    name: 'RetryingMemoryStore',
    create: () => new RetryingMemoryStore(),
    supports: { retries: true },
  },
  runner,
);
