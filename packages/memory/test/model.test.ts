import { SessionStore } from '@session-stores/core';
import { it } from 'vitest';
import { checkModel } from '../../../test-harness/src/model-tests/check-model.js';
import { MemoryBackend, RetryingMemoryStore } from '../src/index.js';

it('MemoryBackend, which two stores share, is what the model says', { timeout: 60_000 }, async () => {
  const backend = new MemoryBackend();
  const create = () => new SessionStore(backend);
  await checkModel({ name: 'MemoryBackend', create, supports: { shared: true } }, { seed: 1, runs: 40 });
});

it('RetryingMemoryStore is what the model says', { timeout: 60_000 }, async () => {
  const create = () => new RetryingMemoryStore();
  await checkModel({ name: 'RetryingMemoryStore', create }, { seed: 2, runs: 25 });
});
