import type { RecordWrite, WriteAnswer } from '@session-stores/core';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { failureOf, one, sample, within } from '../../../test-harness/src/own-tests/backend-calls.js';
import { describeWithServer } from '../../../test-harness/src/servers/needs.js';
import type { PostgresBackend } from '../src/index.js';
import { answerAfter, during, newTable, opened, updateOf, waitingForLocks } from './samples.js';

describeWithServer('postgres', 'changes from many sides', (url) => {
  const pool = new pg.Pool({ connectionString: url, max: 20 });
  const table = newTable();
  const on = { pool, table };
  let backend: PostgresBackend;
  beforeAll(async () => {
    [backend] = await opened({ pool, table });
  });
  afterAll(() => pool.end());

  /** A companion makes a batch of it, which takes the statement for many. */
  const alone = (write: RecordWrite) => [write];
  const inBatch = (write: RecordWrite) => [write, sample()];
  const ways = [
    ['alone', alone],
    ['in a batch', inBatch],
  ] as const;

  describe.each(ways)('%s', (_, put) => {
    const write = (item: RecordWrite) => one(backend.write(put(item), within()));

    it('an insert that waited for the removal of its birth answers gone', async () => {
      const insert = sample();
      await backend.write([insert], within());
      const bury = `update ${table} set data = null, expires_at = now() + '1 minute' where id = '${insert.id}'`;
      const late = await answerAfter(on, bury, () => write(insert));
      expect(late).toEqual({ status: 'gone' });
    });

    it('an insert whose snapshot is older than the grave of its birth answers gone', async () => {
      const insert = sample();
      const dig = `insert into ${table} values ('${insert.id}', null, '${insert.birth}', '', now() + '1 minute')`;
      const late = await answerAfter(on, dig, () => write(insert));
      expect(late).toEqual({ status: 'gone' });
    });

    it('an unanswered insert whose snapshot is older than the grave of another birth takes its place not', async () => {
      const insert = sample();
      const dig = `insert into ${table} values ('${insert.id}', null, 'another', '', now() + '1 minute')`;
      const late = await answerAfter(on, dig, () => write({ ...insert, unanswered: true }));
      expect(late).toEqual({ status: 'buried' });
    });

    it('an insert that lost to another, which its snapshot does not have, meets it as the current record', async () => {
      const winner = sample();
      const rival = `insert into ${table} values
        ('${winner.id}', '${winner.data}', '${winner.birth}', '${winner.revision}', now() + '1 minute')`;
      const loser = await answerAfter(on, rival, () => write(sample({ id: winner.id })));
      expect(loser).toMatchObject({ status: 'conflict', current: { revision: winner.revision } });
    });

    it('an insert that waited for another that was taken back is written', async () => {
      const insert = sample();
      const rival = `insert into ${table} values ('${insert.id}', 'x', 'birth', 'revision', 'infinity')`;
      const answer = await answerAfter(on, rival, () => write(insert), { end: 'rollback' });
      expect(answer).toEqual({ status: 'written' });
    });

    it('an update that waited for another meets what that one has written, not its snapshot', async () => {
      const insert = sample();
      await backend.write([insert], within());
      const rival = `update ${table} set revision = 'theirs', data = 'theirs' where id = '${insert.id}'`;
      const answer = await answerAfter(on, rival, () => write(updateOf(insert)));
      expect(answer).toMatchObject({ status: 'conflict', current: { revision: 'theirs', data: 'theirs' } });
    });

    it('a record that expires while its update waits for the lock is gone', async () => {
      const insert = sample({ expiry: { in: 150, exact: true } });
      await backend.write([insert], within());
      const answer = await answerAfter(
        on,
        `select from ${table} where id = '${insert.id}' for update`,
        () => write(updateOf(insert)),
        { seconds: 0.2 },
      );
      expect(answer).toEqual({ status: 'gone' });
    });

    it('an expiry counts from the call, however long that waited for a lock', async () => {
      const insert = sample();
      await backend.write([insert], within());
      const called = Date.now();
      await during(pool, `select from ${table} where id = '${insert.id}' for update`, async (end) => {
        const waiting = write(updateOf(insert, { expiry: { in: 30_000, exact: true } }));
        await waitingForLocks(pool, table, 1);
        await pool.query('select pg_sleep(0.5)');
        await end('commit');
        expect(await waiting).toEqual({ status: 'written' });
      });
      const { expiresAt } = (await one(backend.read([insert.id], within()))) as { expiresAt: number };
      expect(expiresAt - called - 30_000).toBeLessThan(400);
    });
  });

  it('batches over the same ids in any order never wait for each other in a circle', async () => {
    const writers = await Promise.all(
      Array.from({ length: 8 }, async () => (await opened({ pool, table }))[0]),
    );
    const ids = Array.from({ length: 40 }, (_, index) => `circle-${index}`);
    const before = await deadlocks();
    await Promise.all(
      writers.map(async (writer) => {
        for (let round = 0; round < 12; round++) {
          const found = await writer.read(shuffled(ids), within());
          const writes = shuffled(ids).map((id): RecordWrite => {
            const record = found.find((one) => one !== undefined && 'id' in one && one.id === id);
            return record === undefined || 'status' in record
              ? sample({ id })
              : sample({ id, birth: record.birth ?? '', expect: { revision: record.revision } });
          });
          await writer.write(writes, within());
          await writer.touch(
            shuffled(writes).map(({ id, revision, expiry }) => ({ id, revision, expiry })),
            within(),
          );
          await writer.remove(
            shuffled(ids)
              .slice(0, 20)
              .map((id) => ({ id, grace: 50 })),
            within(),
          );
        }
      }),
    );
    expect(await deadlocks()).toBe(before);
  });

  it('many writers of the same records: each revision is replaced once, and a conflict shows a newer one', async () => {
    const [a, b] = [sample({ data: '0' }), sample({ data: '0' })];
    await backend.write([a, b], within());
    let written = 0;
    const count = async (writer: PostgresBackend, reversed: boolean) => {
      const known = new Map([a, b].map(({ id, revision }) => [id, { revision, count: 0 }]));
      for (let round = 0; round < 25; round++) {
        const writes = [a, b].map(({ id, birth }) => {
          const { revision, count } = known.get(id) as { revision: string; count: number };
          return sample({ id, birth, data: `${count + 1}`, expect: { revision } });
        });
        if (reversed) writes.reverse();
        const answers = await writer.write(writes, within());
        answers.forEach((answer: WriteAnswer, index) => {
          const { id, revision, data } = writes[index] as RecordWrite;
          if (answer.status === 'written') {
            written += 1;
            known.set(id, { revision, count: Number(data) });
          } else {
            expect(answer.status).toBe('conflict');
            const { current } = answer as Extract<WriteAnswer, { status: 'conflict' }>;
            expect(Number(current.data)).toBeGreaterThanOrEqual(Number(data));
            known.set(id, { revision: current.revision, count: Number(current.data) });
          }
        });
      }
    };
    const writers = await Promise.all(
      Array.from({ length: 6 }, async () => (await opened({ pool, table }))[0]),
    );
    await Promise.all(writers.map((writer, index) => count(writer, index % 2 === 1)));
    const records = await backend.read([a.id, b.id], within());
    const total = records.reduce((sum, record) => sum + Number((record as { data: string }).data), 0);
    expect(total).toBe(written);
  });

  it('a transaction that the server takes back is done again, also where it isolates more strictly', async () => {
    const strict = new pg.Pool({
      connectionString: url,
      options: '-c default_transaction_isolation=serializable',
    });
    const writers = await Promise.all(
      Array.from({ length: 4 }, async () => (await opened({ pool: strict, table }))[0]),
    );
    const base = sample();
    await backend.write([base], within());
    const answers = await Promise.all(writers.map((writer) => one(writer.write([updateOf(base)], within()))));
    expect(answers.map(({ status }) => status).sort()).toEqual([
      'conflict',
      'conflict',
      'conflict',
      'written',
    ]);
    await strict.end();
  });

  it('where the server finds a deadlock all the same, it takes one back, and that is done again', async () => {
    const [a, b] = [sample({ id: 'dead-a' }), sample({ id: 'dead-b' })];
    await backend.write([a, b], within());
    // The other holds b and asks for a, which our batch holds while it waits for b. Whoever waits longest is taken back.
    const ours = await during(pool, `select from ${table} where id = 'dead-b' for update`, async (end) => {
      const answers = backend.write([updateOf(a), updateOf(b)], within());
      await waitingForLocks(pool, table, 1);
      const other = new pg.Client(url);
      await other.connect();
      await other.query(`begin; set local deadlock_timeout = '10s'`);
      const waiting = other.query(`select from ${table} where id = 'dead-a' for update`);
      await waitingForLocks(pool, table, 2);
      await end('commit');
      await Promise.all([waiting.then(() => other.query('commit')), answers]);
      await other.end();
      return answers;
    });
    expect(ours.map(({ status }) => status)).toEqual(['written', 'written']);
  });

  it('a lock that somebody holds on the whole table is waited for until the time is up, and not on the server', async () => {
    const locked = newTable();
    const [own] = await opened({ pool, table: locked });
    await during(pool, `lock table ${locked}`, async () => {
      for (let attempt = 0; attempt < 5; attempt++) {
        expect(await failureOf(own.write([sample()], within(150)))).toMatchObject({ kind: 'TIMEOUT' });
      }
      // Each left a request behind that the server stops what nobody waits for.
      await expect.poll(() => processesOn(locked)).toBe(0);
    });
    expect(await own.write([sample()], within())).toEqual([{ status: 'written' }]);
  });

  async function deadlocks(): Promise<number> {
    await pool.query('select pg_stat_force_next_flush()');
    const { rows } = await pool.query(
      'select deadlocks::int from pg_stat_database where datname = current_database()',
    );
    return rows[0].deadlocks;
  }

  async function processesOn(name: string): Promise<number> {
    const { rows } = await pool.query(
      `select count(*)::int as count from pg_stat_activity where position($1 in query) > 0 and state = 'active'
         and pid <> pg_backend_pid()`,
      [name],
    );
    return rows[0].count;
  }
});

function shuffled<Item>(items: readonly Item[]): Item[] {
  return items
    .map((item) => [Math.random(), item] as const)
    .sort(([a], [b]) => a - b)
    .map(([, item]) => item);
}
