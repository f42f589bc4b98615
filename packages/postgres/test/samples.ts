import { randomBytes } from 'node:crypto';
import type { OpenContext, RecordWrite } from '@session-stores/core';
import type pg from 'pg';
import { sample, within } from '../../../test-harness/src/own-tests/backend-calls.js';
import { PostgresBackend, type PostgresBackendOptions } from '../src/index.js';

/** An update of the record that `before` wrote. */
export function updateOf(before: RecordWrite, changes: Partial<RecordWrite> = {}): RecordWrite {
  return sample({ id: before.id, birth: before.birth, expect: { revision: before.revision }, ...changes });
}

/** A name that no other test has. */
export function newTable(): string {
  return `test_${randomBytes(6).toString('hex')}`;
}

/** Opens a backend, on a table of its own unless told; what it reports beside its calls ends up in the list. */
export async function opened(
  options: PostgresBackendOptions,
): Promise<[backend: PostgresBackend, reported: unknown[]]> {
  const backend = new PostgresBackend({ table: newTable(), ...options });
  const reported: unknown[] = [];
  await open(backend, (error) => reported.push(error));
  return [backend, reported];
}

export async function open(
  backend: PostgresBackend,
  onError: OpenContext['onError'] = () => {},
): Promise<void> {
  await backend.open({ ...within(20_000), onError, onEvicted() {} });
}

/** Runs `work` while another connection has a transaction open, in which it has done these statements. */
export async function during<Result>(
  pool: pg.Pool,
  statements: string,
  work: (end: (statement: 'commit' | 'rollback') => Promise<unknown>) => Promise<Result>,
): Promise<Result> {
  const client = await pool.connect();
  try {
    await client.query(`begin; ${statements}`);
    return await work((statement) => client.query(statement));
  } finally {
    client.release(
      await client.query('rollback').then(
        () => false,
        () => true,
      ),
    );
  }
}

/** What `call` answers, which waits for the locks of these statements until their transaction ends: after `seconds`, with `end`. */
export function answerAfter<Answer>(
  { pool, table }: { readonly pool: pg.Pool; readonly table: string },
  statements: string,
  call: () => Promise<Answer>,
  { seconds = 0, end = 'commit' }: { seconds?: number; end?: 'commit' | 'rollback' } = {},
): Promise<Answer> {
  return during(pool, statements, async (ending) => {
    const answer = call();
    await waitingForLocks(pool, table, 1);
    await pool.query('select pg_sleep($1)', [seconds]);
    await ending(end);
    return answer;
  });
}

/** Resolves when so many server processes wait for a lock of another one on what this table's name is part of. */
export async function waitingForLocks(pool: pg.Pool, table: string, count: number): Promise<void> {
  for (;;) {
    const { rows } = await pool.query(
      `select count(*)::int as waiting from pg_stat_activity
       where wait_event_type = 'Lock' and position($1 in query) > 0 and pid <> pg_backend_pid()`,
      [table],
    );
    if (rows[0].waiting >= count) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
