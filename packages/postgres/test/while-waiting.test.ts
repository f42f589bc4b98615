import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { one, sample, within } from '../../../test-harness/src/own-tests/backend-calls.js';
import { describeWithServer } from '../../../test-harness/src/servers/needs.js';
import type { PostgresBackend } from '../src/index.js';
import { answerAfter, during, newTable, opened, updateOf, waitingForLocks } from './samples.js';

describeWithServer('postgres', 'what is true of a record when its lock is held', (url) => {
  const pool = new pg.Pool({ connectionString: url, max: 20 });
  const table = newTable();
  const on = { pool, table };
  let backend: PostgresBackend;
  beforeAll(async () => {
    [backend] = await opened({ pool, table });
  });
  afterAll(() => pool.end());

  describe.each([
    ['alone', <T>(item: T, _: T) => [item]],
    ['in a batch', <T>(item: T, other: T) => [item, other]],
  ] as const)('%s', (_, put) => {
    it('a record that expires while its touch waits for the lock is gone', async () => {
      const insert = sample({ expiry: { in: 150, exact: true } });
      await backend.write([insert], within());
      const touchOf = (id: string) => ({
        id,
        revision: insert.revision,
        expiry: { in: 60_000, exact: true },
      });
      const answer = await answerAfter(
        on,
        `select from ${table} where id = '${insert.id}' for update`,
        () => one(backend.touch(put(touchOf(insert.id), touchOf('none')), within())),
        { seconds: 0.2 },
      );
      expect(answer).toEqual({ status: 'gone' });
      expect(await backend.read([insert.id], within())).toEqual([undefined]);
    });

    it('an insert that waited until the record in its place had expired is written', async () => {
      const before = sample({ expiry: { in: 150, exact: true } });
      await backend.write([before], within());
      const answer = await answerAfter(
        on,
        `select from ${table} where id = '${before.id}' for update`,
        () => one(backend.write(put(sample({ id: before.id }), sample()), within())),
        { seconds: 0.2 },
      );
      expect(answer).toEqual({ status: 'written' });
    });

    it('a removal that meets another birth, which its snapshot does not have, answers other', async () => {
      const live = sample();
      const rival = `insert into ${table} values
        ('${live.id}', '${live.data}', '${live.birth}', '${live.revision}', now() + '1 minute')`;
      const answer = await answerAfter(on, rival, () => {
        const removal = (id: string) => ({ id, birth: 'another', grace: 1_000 });
        return one(backend.remove(put(removal(live.id), removal(sample().id)), within()));
      });
      expect(answer).toEqual({ status: 'other', birth: live.birth });
    });

    it('a removal of another birth, without a grace, leaves the grave that is there', async () => {
      const dead = sample();
      await backend.write([dead], within());
      await backend.remove([{ id: dead.id, birth: dead.birth, grace: 30_000 }], within());
      const removal = (id: string) => ({ id, birth: 'another', grace: 0 });
      expect(await one(backend.remove(put(removal(dead.id), removal('none')), within()))).toEqual({
        status: 'removed',
      });
      expect(await backend.write([dead], within())).toEqual([{ status: 'gone' }]);
    });

    it('a record without an end stays for ever, inserted, updated and touched', async () => {
      const forever = { in: Number.MAX_VALUE, exact: true };
      const insert = sample({ expiry: forever });
      expect(await one(backend.write(put(insert, sample({ expiry: forever })), within()))).toEqual({
        status: 'written',
      });
      expect(await one(backend.read([insert.id], within()))).toMatchObject({
        expiresAt: Number.POSITIVE_INFINITY,
      });
      const update = updateOf(insert, { expiry: forever });
      expect(await one(backend.write(put(update, sample()), within()))).toEqual({ status: 'written' });
      const touch = { id: insert.id, revision: update.revision, expiry: forever };
      expect(await one(backend.touch(put(touch, { ...touch, id: 'none' }), within()))).toEqual({
        status: 'touched',
      });
      expect(await one(backend.read([insert.id], within()))).toMatchObject({
        expiresAt: Number.POSITIVE_INFINITY,
      });
    });
  });

  it.each(['write', 'remove'] as const)(
    'a batch takes new ids in their order, whatever order they are given in: %s',
    async (primitive) => {
      const table = newTable();
      // A join by merging would put the ids in order by itself.
      const joining = new pg.Pool({ connectionString: url, options: '-c enable_mergejoin=off' });
      onTestFinished(() => joining.end());
      const [backend] = await opened({ pool: joining, table });
      const first = `insert into ${table} values ('a', 'x', 'birth', 'revision', 'infinity')`;
      const others = Array.from({ length: 40 }, (_, index) => `b${index}`);
      const ids = [...others, 'a'];
      await during(pool, first, async (end) => {
        const batch =
          primitive === 'write'
            ? backend.write(
                ids.map((id) => sample({ id })),
                within(),
              )
            : backend.remove(
                ids.map((id) => ({ id, birth: id, grace: 1_000 })),
                within(),
              );
        await waitingForLocks(pool, table, 1);
        // It waits for the first of them, and holds no other yet.
        const free = await backend.write(
          others.map((id) => sample({ id })),
          within(2_000),
        );
        expect(new Set(free.map(({ status }) => status))).toEqual(new Set(['written']));
        await end('rollback');
        await batch;
      });
      await backend.close();
    },
  );
});
