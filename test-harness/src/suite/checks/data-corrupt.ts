import { recordName } from '@session-stores/core';
import type { Store } from 'express-session';
import { destroy, errorOf, get, ids, length, listed, newSession, set } from '../calls.js';
import type { Check } from '../check.js';
import { expectEqual, expectThat } from '../expectations.js';
import type { Trial } from '../trial.js';

const area = 'data';

/** What an error calls the record of this id. */
function nameOf(trial: Trial, id: string): string {
  return recordName(trial.supports.storedId?.(id) ?? id);
}

/** A store with a good session under `good` and one that cannot be read under `broken`. */
async function withCorrupt(trial: Trial): Promise<Store> {
  const store = await trial.createStore();
  for (const id of ['good', 'broken']) await set(store, id, newSession({ id }, 60_000));
  await trial.supports.corrupt?.('broken', trial.surroundings);
  return store;
}

/** What happens to a record that somebody or something has damaged. */
export const corruptChecks: readonly Check[] = [
  {
    id: 'data/corrupt-is-an-error',
    title: 'a record that cannot be read is an error, not a missing session',
    area,
    level: 'promise',
    needs: ['corrupt'],
    async run(trial) {
      const { code } = await errorOf(await withCorrupt(trial), 'get', 'broken');
      expectThat(
        code !== 'ENOENT',
        'got a corrupt record',
        'an error that is not taken for "no session"',
        code,
      );
    },
  },
  {
    id: 'data/corrupt-is-named',
    title: 'the error of a corrupt record names the record by its short hash, and not by its id',
    area,
    level: 'promise',
    needs: ['corrupt'],
    async run(trial) {
      const { message } = await errorOf(await withCorrupt(trial), 'get', 'broken');
      const name = nameOf(trial, 'broken');
      expectThat(
        message.includes(name),
        'got a corrupt record, read the message',
        `the name ${name}`,
        message,
      );
      expectThat(
        !message.includes('broken'),
        'got a corrupt record, read the message',
        'not its id',
        message,
      );
    },
  },
  {
    id: 'data/corrupt-stays',
    title: 'reading a corrupt record does not delete it',
    area,
    level: 'promise',
    needs: ['corrupt'],
    async run(trial) {
      const store = await withCorrupt(trial);
      await errorOf(store, 'get', 'broken');
      await errorOf(store, 'get', 'broken');
    },
  },
  {
    id: 'data/corrupt-alone',
    title: 'a corrupt record does no harm to the other sessions',
    area,
    level: 'promise',
    needs: ['corrupt'],
    async run(trial) {
      const store = await withCorrupt(trial);
      const [good] = await Promise.all([get(store, 'good'), errorOf(store, 'get', 'broken')]);
      expectEqual('got a good session beside a corrupt one', good?.id, 'good');
    },
  },
  {
    id: 'data/corrupt-can-be-destroyed',
    title: 'a corrupt record can be destroyed',
    area,
    level: 'promise',
    needs: ['corrupt'],
    async run(trial) {
      const store = await withCorrupt(trial);
      await destroy(store, 'broken');
      expectEqual('destroyed a corrupt record, got it', await get(store, 'broken'), undefined);
      expectEqual('destroyed a corrupt record, got the other', (await get(store, 'good'))?.id, 'good');
    },
  },
  {
    id: 'data/corrupt-all',
    title: 'all says which record is corrupt instead of leaving it out',
    area,
    level: 'promise',
    needs: ['corrupt', 'all'],
    async run(trial) {
      const { message } = await errorOf(await withCorrupt(trial), 'all');
      const name = nameOf(trial, 'broken');
      expectThat(message.includes(name), 'asked for all with a corrupt record', `the name ${name}`, message);
    },
  },
  {
    id: 'data/corrupt-ids',
    title: 'ids and length work beside a corrupt record',
    area,
    level: 'promise',
    needs: ['corrupt', 'ids', 'length'],
    async run(trial) {
      const store = await withCorrupt(trial);
      const found = await ids(store);
      expectThat(
        listed(trial, 'good').every((id) => found.includes(id)),
        'asked for the ids with a corrupt record',
        'the good one',
        found,
      );
      expectThat(
        (await length(store)) >= 1,
        'asked for the length with a corrupt record',
        'an answer',
        'less than 1',
      );
    },
  },
];
