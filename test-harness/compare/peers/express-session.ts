import type { Subject } from '@session-stores/test-harness';
import session from 'express-session';

export default {
  name: 'MemoryStore',
  create: () => new session.MemoryStore(),
} satisfies Subject;
