import { describeSessionStore } from '@session-stores/test-harness';
import { describe, it } from 'vitest';
import { areasOfRetries } from '../../../test-harness/src/own-tests/areas.js';
import { MemoryStore } from '../src/index.js';
import { retryingSubject } from './retrying-subject.js';

const runner = { describe, describeAtOnce: describe.concurrent, it, itAtOnce: it.concurrent };

describeSessionStore({ name: 'MemoryStore', create: () => new MemoryStore() }, runner);
describeSessionStore(retryingSubject, runner, { areas: areasOfRetries });
