import { expectEqual, expectThat } from '../suite/expectations.js';
import type { BackendCheck } from './backend-check.js';
import { formsOfData, newInsert, newName, newUpdate, notWhole, SingleItems } from './single-items.js';
import { wait } from './time.js';

const removed = { status: 'removed' } as const;
const gone = { status: 'gone' } as const;

/** Ms; longer than any check takes, so that a grave ends only where the check waits for it. */
const longGrace = 30_000;

export const removeChecks: readonly BackendCheck[] = [
  {
    id: 'remove/live-of-its-birth',
    title: 'a removal of the birth that is live: removed, and an insert of that birth answers gone',
    async run(trial) {
      const items = new SingleItems(trial);
      const insert = await items.written(newInsert('a'));
      expectEqual('removed', await items.remove('a', insert.birth, longGrace), removed);
      await items.expectAbsent('removed', 'a');
      expectEqual('inserted that birth again', await items.write(insert), gone);
      await items.expectAbsent('inserted that birth again', 'a');
    },
  },
  {
    id: 'remove/live-no-birth-given',
    title: 'a removal without a birth takes whatever is there, and its birth goes to the grave',
    async run(trial) {
      const items = new SingleItems(trial);
      const insert = await items.written(newInsert('a'));
      expectEqual('removed', await items.remove('a', undefined, longGrace), removed);
      await items.expectAbsent('removed', 'a');
      expectEqual('inserted that birth again', await items.write(insert), gone);
    },
  },
  {
    id: 'remove/another-birth',
    title: 'a removal of another birth than the live one: other, with the live birth; the record stays',
    async run(trial) {
      const items = new SingleItems(trial);
      const insert = await items.written(newInsert('a'));
      const answer = await items.remove('a', newName(), longGrace);
      expectEqual('removed another birth', answer, { status: 'other', birth: insert.birth });
      await items.expectStored('removed another birth', insert);
      await items.written(newUpdate(insert));
    },
  },
  {
    id: 'remove/birth-is-compared-whole',
    title: 'a removal compares the birth whole: neither its beginning nor its letters in another case match',
    async run(trial) {
      const items = new SingleItems(trial);
      const birth = 'aBcDeFgHiJkL';
      for (const [place, data] of formsOfData.entries()) {
        const id = `a${place}`;
        const stored = await items.written(newInsert(id, { birth, data }));
        for (const wrong of notWhole(birth)) {
          const answer = await items.remove(id, wrong, longGrace);
          expectEqual(`removed ${wrong}`, answer, { status: 'other', birth });
          await items.expectStored(`removed ${wrong}`, stored);
        }
        expectEqual('removed the birth', await items.remove(id, birth, longGrace), removed);
        await items.expectAbsent('removed the birth', id);
      }
    },
  },
  {
    id: 'remove/nothing-with-a-birth',
    title: 'a removal of a birth where nothing is live: removed, and the grave is dug all the same',
    async run(trial) {
      const items = new SingleItems(trial);
      const late = newInsert('a');
      expectEqual('removed what never was', await items.remove('a', late.birth, longGrace), removed);
      expectEqual('inserted that birth', await items.write(late), gone);
      await items.expectAbsent('inserted that birth', 'a');
    },
  },
  {
    id: 'remove/nothing-no-birth',
    title: 'a removal without a birth where nothing is: removed, and any insert is written',
    async run(trial) {
      const items = new SingleItems(trial);
      expectEqual('removed what never was', await items.remove('a', undefined, longGrace), removed);
      await items.written(newInsert('a'));
    },
  },
  {
    id: 'remove/no-birth-keeps-a-grave',
    title: 'a removal without a birth where only a grave is leaves the grave',
    async run(trial) {
      const items = new SingleItems(trial);
      const insert = await items.written(newInsert('a'));
      await items.remove('a', insert.birth, longGrace);
      expectEqual('removed again', await items.remove('a', undefined, longGrace), removed);
      expectEqual('inserted the removed birth', await items.write(insert), gone);
    },
  },
  {
    id: 'remove/grave-lets-another-birth-in',
    title: 'an insert of another birth replaces a grave, and the removed birth then meets the live record',
    async run(trial) {
      const items = new SingleItems(trial);
      const dead = await items.written(newInsert('a'));
      await items.remove('a', dead.birth, longGrace);
      const live = await items.written(newInsert('a'));
      await items.expectStored('inserted another birth', live);
      expectEqual('inserted the removed birth', (await items.write(dead)).status, 'conflict');
      await items.expectStored('inserted the removed birth', live);
    },
  },
  {
    id: 'remove/unanswered-and-given-again',
    title: 'an insert that is unanswered does not bring back a birth that was removed before another was',
    async run(trial) {
      const items = new SingleItems(trial);
      const dead = await items.written(newInsert('a'));
      await items.remove('a', dead.birth, longGrace);
      const since = await items.written(newInsert('a'));
      await items.remove('a', since.birth, longGrace);
      const { status } = await items.write({ ...dead, unanswered: true });
      expectThat(['gone', 'buried'].includes(status), 'sent it again', 'gone or buried', status);
      await items.expectAbsent('sent it again', 'a');
      await items.written(newInsert('a'));
    },
  },
  {
    id: 'remove/unanswered-of-its-birth',
    title: 'an insert that is unanswered answers gone where the grave is of its birth',
    async run(trial) {
      const items = new SingleItems(trial);
      const dead = await items.written(newInsert('a'));
      await items.remove('a', dead.birth, longGrace);
      expectEqual('sent it again', await items.write({ ...dead, unanswered: true }), gone);
      await items.expectAbsent('sent it again', 'a');
    },
  },
  {
    id: 'remove/grave-of-an-expired-birth',
    title: 'a removal of a birth that has expired digs its grave',
    async run(trial) {
      const items = new SingleItems(trial);
      const insert = await items.written(newInsert('a', { expiry: { in: 1, exact: true } }));
      await wait(10); // The record lives for 1 ms.
      expectEqual('removed the expired', await items.remove('a', insert.birth, longGrace), removed);
      expectEqual(
        'inserted that birth',
        await items.write({ ...insert, expiry: { in: 5_000, exact: true } }),
        gone,
      );
    },
  },
  {
    id: 'remove/no-grace-no-grave',
    title: 'a grace of 0 leaves no grave: an insert of the removed birth is written',
    async run(trial) {
      const items = new SingleItems(trial);
      const insert = await items.written(newInsert('a'));
      expectEqual('removed', await items.remove('a', insert.birth, 0), removed);
      await items.expectAbsent('removed', 'a');
      await items.written(insert);
    },
  },
  {
    id: 'remove/grave-ends',
    title: 'a grave holds for its grace and ends with it',
    async run(trial) {
      const items = new SingleItems(trial);
      const insert = await items.written(newInsert('a'));
      const grace = 300;
      const begun = performance.now();
      await items.remove('a', insert.birth, grace);
      const dug = performance.now();
      for (;;) {
        const sent = performance.now();
        const { status } = await items.write(insert);
        const answered = performance.now();
        // A ms on either side, since server and test read their clocks at different moments.
        if (answered < begun + grace - 1) expectEqual('inserted within the grace', status, 'gone');
        else if (sent > dug + grace + 1) return expectEqual('inserted after the grace', status, 'written');
        if (status === 'written') return;
        await wait(5);
      }
    },
  },
  {
    id: 'remove/grave-of-a-longer-grace-stays',
    title: 'removing a birth again, with a shorter grace, does not shorten its grave',
    async run(trial) {
      const items = new SingleItems(trial);
      const insert = await items.written(newInsert('a'));
      await items.remove('a', insert.birth, longGrace);
      await items.remove('a', insert.birth, 1);
      await wait(10); // The shorter grace has ended.
      expectEqual('inserted that birth', await items.write(insert), gone);
    },
  },
  {
    id: 'remove/grave-in-another-backend',
    title: 'a grave dug through one backend is met through another',
    needs: ['shared'],
    async run(trial) {
      const items = new SingleItems(trial);
      const others = new SingleItems(trial, await trial.createBackend());
      const insert = await items.written(newInsert('a'));
      await others.expectStored('wrote through the first', insert);
      await others.remove('a', insert.birth, longGrace);
      await items.expectAbsent('removed through the second', 'a');
      expectEqual('inserted that birth through the first', await items.write(insert), gone);
    },
  },
];
