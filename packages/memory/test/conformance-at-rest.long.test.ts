import { MemoryStore } from '@session-stores/memory';
import { describe } from 'vitest';
import { atRestModes } from '../../../test-harness/src/at-rest-modes.js';
import { describeConformance } from '../../../test-harness/src/servers/conformance.js';

describe.for(Object.entries(atRestModes))('the suite with %s', ([, options]) => {
  const storedId = (id: string): string => new MemoryStore(options).storedId(id);
  describeConformance({
    name: 'MemoryStore',
    create: () => new MemoryStore(options),
    supports: { storedId },
  });
});
