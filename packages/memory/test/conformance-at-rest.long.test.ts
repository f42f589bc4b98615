import { MemoryStore } from '@session-stores/memory';
import { describeSessionStore } from '@session-stores/test-harness';
import { describe, it } from 'vitest';
import { atRestModes } from '../../../test-harness/src/own-tests/at-rest-modes.js';

const runner = { describe, describeAtOnce: describe.concurrent, it, itAtOnce: it.concurrent };

describe.for(Object.entries(atRestModes))('the suite with %s', ([, options]) => {
  const storedId = (id: string): string => new MemoryStore(options).storedId(id);
  describeSessionStore(
    {
      name: 'MemoryStore',
      create: () => new MemoryStore(options),
      supports: { storedId },
    },
    runner,
  );
});
