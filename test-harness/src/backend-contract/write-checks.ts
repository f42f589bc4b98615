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
import { wait } from './time.js';

export const writeChecks: readonly BackendCheck[] = [
  {
    id: 'write/absent-is-written',
    title: 'a write that expects absent, where nothing is: written, and stored as it is',
    async run(trial) {
      const items = new SingleItems(trial);
      const insert = newInsert('a');
      expectEqual('wrote', await items.write(insert), { status: 'written' });
      await items.expectStored('wrote', insert);
    },
  },
  {
    id: 'write/unanswered-is-written',
    title:
      'an insert that is unanswered, where nothing is or what was has expired: written; where it is live: conflict',
    async run(trial) {
      const items = new SingleItems(trial);
      const insert = await items.written(newInsert('a', { unanswered: true }));
      await items.expectStored('wrote', insert);
      expectRefusal('wrote it again', await items.write(insert), 'conflict', insert);
      await items.written(newInsert('b', { expiry: { in: 1, exact: true } }));
      await wait(10); // The record lives for 1 ms.
      await items.expectStored(
        'wrote over an expired one',
        await items.written(newInsert('b', { unanswered: true })),
      );
    },
  },
  {
    id: 'write/absent-meets-live',
    title: 'a write that expects absent, where a record is live: conflict with that record, which stays',
    async run(trial) {
      const items = new SingleItems(trial);
      const first = await items.written(newInsert('a'));
      expectRefusal('inserted again', await items.write(newInsert('a')), 'conflict', first);
      await items.expectStored('inserted again', first);
    },
  },
  {
    id: 'write/absent-same-birth-meets-live',
    title: 'the same insert delivered twice: the second is a conflict with the first',
    async run(trial) {
      const items = new SingleItems(trial);
      const insert = await items.written(newInsert('a'));
      expectRefusal('delivered again', await items.write(insert), 'conflict', insert);
    },
  },
  {
    id: 'write/expected-revision-is-written',
    title: 'a write that expects the stored revision: written, and stored in place of it',
    async run(trial) {
      const items = new SingleItems(trial);
      const update = newUpdate(await items.written(newInsert('a')));
      expectEqual('updated', await items.write(update), { status: 'written' });
      await items.expectStored('updated', update);
    },
  },
  {
    id: 'write/another-birth-under-the-revision',
    title: 'a write that expects the stored revision may carry another birth, which is stored with it',
    async run(trial) {
      const items = new SingleItems(trial);
      const other = newUpdate(await items.written(newInsert('a')), { birth: newName() });
      expectEqual('replaced', await items.write(other), { status: 'written' });
      await items.expectStored('replaced', other);
    },
  },
  {
    id: 'write/another-revision-is-a-conflict',
    title:
      'a write that expects a revision that is not stored: conflict with the current record, which stays',
    async run(trial) {
      const items = new SingleItems(trial);
      const first = await items.written(newInsert('a'));
      const second = await items.written(newUpdate(first));
      expectRefusal('updated the first state', await items.write(newUpdate(first)), 'conflict', second);
      await items.expectStored('updated the first state', second);
    },
  },
  {
    id: 'write/revision-is-compared-whole',
    title: 'a revision is compared whole: neither its beginning nor its letters in another case match',
    async run(trial) {
      const items = new SingleItems(trial);
      const revision = 'aBcDeFgHiJkL'.repeat(9);
      for (const [place, data] of formsOfData.entries()) {
        const stored = await items.written(newInsert(`a${place}`, { revision, data }));
        for (const wrong of [...notWhole(revision), revision.slice(0, 12)]) {
          const update = newUpdate(stored, { expect: { revision: wrong } });
          expectRefusal(`updated expecting ${wrong}`, await items.write(update), 'conflict', stored);
        }
        await items.written(newUpdate(stored));
      }
    },
  },
  {
    id: 'write/update-of-nothing-is-gone',
    title: 'a write that expects a revision, where nothing is live: gone, and nothing is stored',
    async run(trial) {
      const items = new SingleItems(trial);
      const never = newInsert('a');
      expectEqual('updated what never was', await items.write(newUpdate(never)), { status: 'gone' });
      await items.expectAbsent('updated what never was', 'a');
      const removed = await items.written(newInsert('b'));
      await items.remove('b', removed.birth, 5_000);
      expectEqual('updated what was removed', await items.write(newUpdate(removed)), { status: 'gone' });
      await items.expectAbsent('updated what was removed', 'b');
    },
  },
  {
    id: 'write/one-winner',
    title: 'of eight writes at once that expect one revision, one is written and the others meet it',
    async run(trial) {
      const items = new SingleItems(trial);
      const base = await items.written(newInsert('a'));
      const updates = Array.from({ length: 8 }, () => newUpdate(base));
      const answers = await Promise.all(updates.map((update) => items.write(update)));
      const winners = updates.filter((_, index) => answers[index]?.status === 'written');
      expectEqual('wrote eight at once: number written', winners.length, 1);
      const [winner] = winners as [(typeof updates)[number]];
      for (const answer of answers) {
        if (answer.status !== 'written') expectRefusal('lost the race', answer, 'conflict', winner);
      }
      await items.expectStored('wrote eight at once', winner);
    },
  },
  {
    id: 'write/one-winner-among-backends',
    title: 'the same through four backends on one storage, a hundred times, with inserts and updates',
    needs: ['shared'],
    async run(trial) {
      const others = await Promise.all(Array.from({ length: 3 }, () => trial.createBackend()));
      const writers = [trial.backend, ...others].map((backend) => new SingleItems(trial, backend));
      const [reader] = writers as [SingleItems];
      for (let round = 0; round < 50; round++) {
        const id = `race-${round}`;
        let before = newInsert(id);
        for (const next of [() => newInsert(id), () => newUpdate(before)]) {
          const writes = writers.map(next);
          const answers = await Promise.all(
            writers.map((writer, index) => writer.write(writes[index] as (typeof writes)[number])),
          );
          const winners = writes.filter((_, index) => answers[index]?.status === 'written');
          expectEqual('wrote through four backends: number written', winners.length, 1);
          [before] = winners as [typeof before];
          for (const answer of answers) {
            if (answer.status !== 'written') expectRefusal('lost the race', answer, 'conflict', before);
          }
          await reader.expectStored('wrote through four backends', before);
        }
      }
    },
  },
];
