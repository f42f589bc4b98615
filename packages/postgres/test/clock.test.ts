import pg from 'pg';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { one, sample, within } from '../../../test-harness/src/own-tests/backend-calls.js';
import { describeWithServer } from '../../../test-harness/src/servers/needs.js';
import { PostgresStore } from '../src/index.js';
import { newTable, opened, updateOf } from './samples.js';

describeWithServer('postgres', 'the clock of this process', (url) => {
  const pool = new pg.Pool({ connectionString: url });
  afterEach(() => vi.useRealTimers());
  afterAll(() => pool.end());

  /** Ten minutes away from the server's, and going on. */
  const shiftClock = (milliseconds: number) => {
    const real = Date.now;
    vi.spyOn(Date, 'now').mockImplementation(() => real() + milliseconds);
  };
  afterEach(() => vi.restoreAllMocks());

  /** Ms: a statement of a busy machine takes a part of it. */
  const lifetime = 1_500;

  describe.each([
    ['ten minutes ahead of', 600_000],
    ['ten minutes behind', -600_000],
  ])('%s the server’s', (_, shift) => {
    it('changes nothing about when a session expires, and what is told of it is on ours', async () => {
      shiftClock(shift);
      const [backend] = await opened({ pool });
      const insert = sample({ expiry: { in: lifetime, exact: true } });
      const called = Date.now();
      await backend.write([insert], within());
      const { expiresAt } = (await one(backend.read([insert.id], within()))) as { expiresAt: number };
      expect(expiresAt).toBeGreaterThanOrEqual(called + lifetime - 5);
      expect(expiresAt).toBeLessThanOrEqual(Date.now() + lifetime + 5);
      for (;;) {
        const found = await one(backend.read([insert.id], within()));
        // Afterwards it may have ended before the answer came.
        if (Date.now() >= called + lifetime - 50) break;
        expect(found).toBeDefined();
      }
      while (Date.now() < expiresAt + 10) await backend.count(within());
      expect(await backend.read([insert.id], within())).toEqual([undefined]);
      await backend.close();
    });

    it('lets touches, saves, graves and sweeps do what they do', async () => {
      shiftClock(shift);
      const [backend] = await opened({ pool });
      const insert = sample();
      await backend.write([insert], within());
      const longer = { in: 120_000, exact: false };
      await backend.touch([{ id: insert.id, revision: insert.revision, expiry: longer }], within());
      const update = updateOf(insert, { expiry: { in: 1_000, exact: false } });
      expect(await backend.write([update], within())).toEqual([{ status: 'written' }]);
      const { expiresAt } = (await one(backend.read([insert.id], within()))) as { expiresAt: number };
      expect(Math.abs(expiresAt - Date.now() - 120_000)).toBeLessThan(5_000);
      expect(await backend.prune(10, within())).toBe(0);
      await backend.remove([{ id: insert.id, birth: insert.birth, grace: 5_000 }], within());
      expect(await backend.prune(10, within())).toBe(0);
      expect(await backend.write([insert], within())).toEqual([{ status: 'gone' }]);
      await backend.close();
    });

    it('shows a session the cookie that its request set', async () => {
      shiftClock(shift);
      const store = new PostgresStore({ pool, table: newTable() });
      const expires = new Date(Date.now() + 60_000);
      await store.set('a', { cookie: { originalMaxAge: 60_000, expires } } as never);
      const found = (await store.get('a')) as unknown as { cookie: { expires: string } };
      expect(Math.abs(new Date(found.cookie.expires).getTime() - expires.getTime())).toBeLessThan(1_000);
      await store.close();
    });
  });
});
