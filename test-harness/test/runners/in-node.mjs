import { describe, it } from 'node:test';
import { describeSessionStore } from '@session-stores/test-harness';
import { checks, create } from './subjects.mjs';

describeSessionStore({ name: 'the store', create }, { describe, it }, { checks });
