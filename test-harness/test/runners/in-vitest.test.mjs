import { describeSessionStore } from '@session-stores/test-harness';
import { describe, it } from 'vitest';
import { checks, create } from './subjects.mjs';

describeSessionStore({ name: 'the store', create }, { describe, it }, { checks });
