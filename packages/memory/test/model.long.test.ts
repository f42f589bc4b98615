import { SessionStore } from '@session-stores/core';
import { it } from 'vitest';
import { checkModel } from '../../../test-harness/src/model-tests/check-model.js';
import { MemoryBackend } from '../src/index.js';

it('MemoryBackend is what the model says, in many scripts', { timeout: 600_000 }, async () => {
  const backend = new MemoryBackend();
  const create = () => new SessionStore(backend);
  const supports = { shared: true };
  await checkModel({ name: 'MemoryBackend', create, supports }, { seed: 11, runs: 500, commands: 40 });
});
