import { expectEqual } from '../suite/expectations.js';
import type { BackendCheck } from './backend-check.js';
import { expectRecord, newInsert, newUpdate, SingleItems, writeAll } from './single-items.js';

/** Any characters but U+0000 make an id; these have a meaning in one storage or another. */
const strangeIds = [
  ...['*', '?', '[a]', '{a}', 'a:b', '%', '_', "'", '"', '`', '\\', ';--', '$1', '../x', ' ', 'a', 'A', 'a '],
  ...[
    '\n',
    '\u0001',
    '\u007f',
    'é',
    'e\u0301',
    '\u{1F600}',
    '\uffff',
    '__proto__',
    'constructor',
    'undefined',
  ],
  ...['0', '00', '1e3', 'x'.repeat(1_024), 'é'.repeat(512)],
];

export const dataChecks: readonly BackendCheck[] = [
  {
    id: 'data/ids-are-data',
    title: 'an id is data, whatever characters it has: none of them meets another',
    async run(trial) {
      const { backend, context } = trial;
      const writes = strangeIds.map((id) => newInsert(id));
      await writeAll(trial, writes);
      const read = await backend.read(strangeIds, context);
      for (const [index, write] of writes.entries()) expectRecord(`read ${write.id}`, read[index], write);
      const updates = writes.map((write) => newUpdate(write));
      await writeAll(trial, updates);
      await backend.remove(
        [
          { id: '*', grace: 0 },
          { id: '%', grace: 0 },
          { id: 'a', grace: 0 },
        ],
        context,
      );
      const left = await backend.read(strangeIds, context);
      for (const [index, update] of updates.entries()) {
        if (['*', '%', 'a'].includes(update.id)) expectEqual(`removed ${update.id}`, left[index], undefined);
        else expectRecord(`read ${update.id} after others were removed`, left[index], update);
      }
    },
  },
  {
    id: 'data/kept',
    title: 'data comes back letter for letter: empty, a megabyte, any characters',
    async run(trial) {
      const items = new SingleItems(trial);
      const data = [
        '',
        ' ',
        'null',
        '{"a":"\u{1F600}é\u2028\\u0000"}',
        'x'.repeat(1_000_000),
        '\r\n\t\u0001',
        '__proto__',
      ];
      for (const [index, text] of data.entries()) {
        const insert = await items.written(newInsert(`data-${index}`, { data: text }));
        await items.expectStored('wrote', insert);
      }
    },
  },
  {
    id: 'data/apart',
    title: 'two storages of different names never see each other, and graves neither',
    async run(trial) {
      const items = new SingleItems(trial);
      const foreign = new SingleItems(trial, await trial.createForeignBackend());
      const mine = await items.written(newInsert('a'));
      await foreign.expectAbsent('wrote into the first', 'a');
      const theirs = await foreign.written(newInsert('a', { birth: mine.birth }));
      await items.remove('a', mine.birth, 10_000);
      await foreign.expectStored('removed from the first', theirs);
      await foreign.remove('a');
      await foreign.written(theirs);
    },
  },
];
