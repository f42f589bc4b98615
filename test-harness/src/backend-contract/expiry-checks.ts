import type { Expiry, RecordWrite } from '@session-stores/core';
import { expectEqual, expectThat } from '../suite/expectations.js';
import type { BackendCheck, BackendTrial } from './backend-check.js';
import { newInsert, newUpdate, SingleItems } from './single-items.js';
import { wait } from './time.js';

/** Ms by which a server's clock may seem to differ from this process', beside the time of a round trip to it. */
const slack = 3;

/** Fails unless the record is there to the ms of its expiry, and never after it. */
async function expectExpiry(
  trial: BackendTrial,
  did: string,
  milliseconds: number,
  set: () => Promise<RecordWrite>,
): Promise<void> {
  const items = new SingleItems(trial);
  const begun = Date.now();
  const { id } = await set();
  const done = Date.now();
  // On a busy machine a round trip takes long, and the shortest of many is what a server's clock can be read by.
  let roundTrip = done - begun;
  let expiresAt: number | undefined;
  for (;;) {
    const sent = Date.now();
    const record = await items.read(id);
    const answered = Date.now();
    roundTrip = Math.min(roundTrip, answered - sent);
    const what = `${did}, read after ${answered - begun} ms`;
    if (answered < begun + milliseconds) expectThat(record !== undefined, what, 'the record', record);
    expiresAt = record?.expiresAt ?? expiresAt;
    // A server that counts whole ms may show the record during the last one.
    if (sent > done + milliseconds) {
      expectThat(record === undefined, what, 'nothing', record);
      break;
    }
    await wait(1);
  }
  if (expiresAt === undefined) return;
  const right =
    expiresAt >= begun + milliseconds - slack - roundTrip &&
    expiresAt <= done + milliseconds + slack + roundTrip;
  expectThat(right, `${did}: expiresAt`, `${milliseconds} ms after the call`, expiresAt - begun);
}

async function expectRemaining(
  items: SingleItems,
  did: string,
  write: RecordWrite,
  ms: number,
): Promise<void> {
  const { expiresAt } = await items.expectStored(did, write);
  const remaining = expiresAt - Date.now();
  expectThat(Math.abs(remaining - ms) < 2_000, did, `an expiry in about ${ms} ms`, remaining);
}

const exact = (milliseconds: number): Expiry => ({ in: milliseconds, exact: true });
const atLeast = (milliseconds: number): Expiry => ({ in: milliseconds, exact: false });

export const expiryChecks: readonly BackendCheck[] = [
  {
    id: 'expiry/insert-to-the-millisecond',
    title: 'a record expires to the millisecond of its insert',
    run: (trial) =>
      expectExpiry(trial, 'inserted', 123, () =>
        new SingleItems(trial).written(newInsert('a', { expiry: exact(123) })),
      ),
  },
  {
    id: 'expiry/update-to-the-millisecond',
    title: 'a record expires to the millisecond of its update, also when that is earlier',
    async run(trial) {
      const items = new SingleItems(trial);
      const insert = await items.written(newInsert('a'));
      await expectExpiry(trial, 'updated', 123, () =>
        items.written(newUpdate(insert, { expiry: exact(123) })),
      );
    },
  },
  {
    id: 'expiry/touch-to-the-millisecond',
    title: 'a record expires to the millisecond of its touch, also when that is earlier',
    async run(trial) {
      const items = new SingleItems(trial);
      const insert = await items.written(newInsert('a'));
      await expectExpiry(trial, 'touched', 123, async () => {
        expectEqual('touched', await items.touch('a', insert.revision, exact(123)), { status: 'touched' });
        return insert;
      });
    },
  },
  {
    id: 'expiry/at-least-never-shortens',
    title: 'an expiry that is not exact never moves the expiry back, neither by a touch nor by an update',
    async run(trial) {
      const items = new SingleItems(trial);
      const insert = await items.written(newInsert('a', { expiry: exact(50_000) }));
      expectEqual('touched', await items.touch('a', insert.revision, atLeast(10)), { status: 'touched' });
      await expectRemaining(items, 'touched for at least 10 ms', insert, 50_000);
      const update = await items.written(newUpdate(insert, { expiry: atLeast(10) }));
      await expectRemaining(items, 'updated for at least 10 ms', update, 50_000);
      const again = await items.written(newUpdate(update, { expiry: atLeast(0) }));
      await expectRemaining(items, 'updated for at least 0 ms', again, 50_000);
    },
  },
  {
    id: 'expiry/at-least-extends',
    title: 'an expiry that is not exact extends the expiry, by a touch and by an update',
    async run(trial) {
      const items = new SingleItems(trial);
      const insert = await items.written(newInsert('a', { expiry: exact(10_000) }));
      expectEqual('touched', await items.touch('a', insert.revision, atLeast(50_000)), { status: 'touched' });
      await expectRemaining(items, 'touched for at least 50 s', insert, 50_000);
      const update = await items.written(newUpdate(insert, { expiry: atLeast(90_000) }));
      await expectRemaining(items, 'updated for at least 90 s', update, 90_000);
    },
  },
  {
    id: 'expiry/insert-for-at-least',
    title: 'an insert whose expiry is not exact expires when that says',
    run: (trial) =>
      expectExpiry(trial, 'inserted', 80, () =>
        new SingleItems(trial).written(newInsert('a', { expiry: atLeast(80) })),
      ),
  },
  {
    id: 'expiry/expired-is-absent',
    title: 'an expired record is absent in every primitive; an insert of any birth replaces it',
    async run(trial) {
      const items = new SingleItems(trial);
      const expired = async (id: string): Promise<RecordWrite> => {
        const insert = await items.written(newInsert(id, { expiry: exact(1) }));
        await wait(10); // The record lives for 1 ms.
        return insert;
      };
      const a = await expired('a');
      expectEqual('updated', await items.write(newUpdate(a)), { status: 'gone' });
      expectEqual('touched', await items.touch('a', a.revision, atLeast(5_000)), { status: 'gone' });
      await items.expectAbsent('updated and touched', 'a');
      expectEqual('removed', await items.remove('a', 'anotherBirth'), { status: 'removed' });
      await items.written({ ...a, expiry: exact(5_000) });
      await expired('b');
      const other = await items.written(newInsert('b', { expiry: atLeast(20_000) }));
      await expectRemaining(items, 'inserted over the expired', other, 20_000);
    },
  },
  {
    id: 'expiry/far',
    title: 'an expiry a hundred years ahead is kept',
    async run(trial) {
      const items = new SingleItems(trial);
      const century = 100 * 365 * 86_400_000;
      const insert = await items.written(newInsert('a', { expiry: exact(century) }));
      await expectRemaining(items, 'inserted', insert, century);
    },
  },
];
