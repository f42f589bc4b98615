import { createRequire } from 'node:module';
import type { Subject } from '@session-stores/test-harness';
import session, { type Store } from 'express-session';

type MakeStoreClass = (connect: typeof session) => new (options: object) => Store;

// Without types of its own.
const MemoryStore = (createRequire(import.meta.url)('memorystore') as MakeStoreClass)(session);

export default {
  name: 'memorystore',
  create: () => new MemoryStore({}),
} satisfies Subject;
