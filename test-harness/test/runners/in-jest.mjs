import { describeSessionStore } from '@session-stores/test-harness';
import { checks, create } from './subjects.mjs';

const { describe, it } = globalThis;

describeSessionStore({ name: 'the store', create }, { describe, it }, { checks, without: ['touch'] });
