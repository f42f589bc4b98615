import { inspect } from 'node:util';
import { SessionStore } from '@session-stores/core';
import { MemoryBackend } from '@session-stores/memory';
import { expect, it } from 'vitest';
import { everyModeAtOnce } from '../../../test-harness/src/own-tests/at-rest-modes.js';
import { liveThrough, shown } from '../../../test-harness/src/own-tests/at-rest-traces.js';

it.for([
  ['neither id nor data, with hashIds and encryptionKeys', everyModeAtOnce, { id: false, secret: false }],
  ['both, without', {}, { id: true, secret: true }],
] as const)('a MemoryBackend has %s', async ([, options, expected]) => {
  const backend = new MemoryBackend();
  const store = new SessionStore(backend, options);
  const foreign = new SessionStore(backend, { ...options, encryptionKeys: 'f'.repeat(64) });
  const told = await liveThrough(store, foreign);
  const records = [];
  for await (const page of backend.scan({ signal: AbortSignal.timeout(5_000) })) records.push(...page);
  expect(records).toHaveLength(1);
  expect(shown(inspect(records, { depth: 12, maxStringLength: null }))).toEqual(expected);
  expect(shown(told)).toEqual({ id: false, secret: false });
  await Promise.all([store.close(), foreign.close()]);
});
