import type { Subject } from '@session-stores/test-harness';
import { RetryingMemoryStore } from '../src/index.js';

export const retryingSubject: Subject = {
  name: 'RetryingMemoryStore',
  create: () => new RetryingMemoryStore(),
  supports: { retries: true },
};
