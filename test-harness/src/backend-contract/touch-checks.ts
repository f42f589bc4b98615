import { expectEqual } from '../suite/expectations.js';
import type { BackendCheck } from './backend-check.js';
import {
  expectRefusal,
  formsOfData,
  newInsert,
  newName,
  newUpdate,
  notWhole,
  SingleItems,
} from './single-items.js';

export const touchChecks: readonly BackendCheck[] = [
  {
    id: 'touch/moves-only-the-expiry',
    title: 'a touch of the stored revision: touched; data, birth and revision stay, the expiry is new',
    async run(trial) {
      const items = new SingleItems(trial);
      const insert = await items.written(newInsert('a', { expiry: { in: 5_000, exact: true } }));
      const before = await items.expectStored('wrote', insert);
      const answer = await items.touch('a', insert.revision, { in: 100_000, exact: true });
      expectEqual('touched', answer, { status: 'touched' });
      const after = await items.expectStored('touched', insert);
      const moved = after.expiresAt - before.expiresAt;
      expectEqual('touched: expiry moved by 95 s', Math.abs(moved - 95_000) < 2_000, true);
    },
  },
  {
    id: 'touch/another-revision-is-changed',
    title: 'a touch of a revision that is not stored: changed, with the current record, whose expiry stays',
    async run(trial) {
      const items = new SingleItems(trial);
      const first = await items.written(newInsert('a'));
      const second = await items.written(newUpdate(first));
      const before = await items.expectStored('updated', second);
      const answer = await items.touch('a', first.revision, { in: 600_000, exact: true });
      expectRefusal('touched the first state', answer, 'changed', second);
      const after = await items.expectStored('touched the first state', second);
      const moved = Math.abs(after.expiresAt - before.expiresAt);
      expectEqual('touched the first state: the expiry stays', moved < 1_000, true);
    },
  },
  {
    id: 'touch/revision-is-compared-whole',
    title: 'a touch compares the revision whole: neither its beginning nor its letters in another case match',
    async run(trial) {
      const items = new SingleItems(trial);
      const revision = 'aBcDeFgHiJkL'.repeat(9);
      for (const [place, data] of formsOfData.entries()) {
        const id = `a${place}`;
        const stored = await items.written(newInsert(id, { revision, data }));
        for (const wrong of notWhole(revision)) {
          expectRefusal(`touched ${wrong}`, await items.touch(id, wrong), 'changed', stored);
        }
        expectEqual('touched the revision', await items.touch(id, revision), { status: 'touched' });
      }
    },
  },
  {
    id: 'touch/nothing-is-gone',
    title: 'a touch where nothing is live: gone, whether it was removed or never was; nothing is stored',
    async run(trial) {
      const items = new SingleItems(trial);
      expectEqual('touched what never was', await items.touch('a', newName()), { status: 'gone' });
      await items.expectAbsent('touched what never was', 'a');
      const removed = await items.written(newInsert('b'));
      await items.remove('b', removed.birth, 5_000);
      expectEqual('touched what was removed', await items.touch('b', removed.revision), { status: 'gone' });
      await items.expectAbsent('touched what was removed', 'b');
    },
  },
];
