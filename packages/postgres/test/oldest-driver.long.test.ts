import { describeSessionBackend } from '@session-stores/test-harness';
import pg from 'pg-8.11';
import { afterAll, describe, it } from 'vitest';
import { describeWithServer } from '../../../test-harness/src/servers/needs.js';
import { PostgresBackend } from '../src/index.js';

describeWithServer('postgres', 'on the oldest pg that we take', (url) => {
  const pool = new pg.Pool({ connectionString: url });
  afterAll(() => pool.end());
  describeSessionBackend(
    {
      name: 'PostgresBackend on pg 8.11.0',
      shared: true,
      watches: true,
      create: ({ namespace }) => new PostgresBackend({ pool, table: namespace }),
    },
    { describe, it },
  );
});
