import { all, clear, destroy, get, ids, length, listed, newSession, set } from '../calls.js';
import type { Check } from '../check.js';
import { expectEqual } from '../expectations.js';
import type { Trial } from '../trial.js';

const area = 'isolation';

async function twoStores(trial: Trial) {
  const [own, foreign] = [await trial.createStore(), await trial.createForeignStore()];
  await set(own, 'one', newSession({ user: 'ada' }, 60_000));
  await set(foreign, 'one', newSession({ user: 'eve' }, 60_000));
  await set(foreign, 'two', newSession({ user: 'bob' }, 60_000));
  return { own, foreign };
}

export const isolationChecks: readonly Check[] = [
  {
    id: 'isolation/shared',
    title: 'two stores on the same storage share their sessions and their destroys',
    area,
    level: 'required',
    needs: ['shared'],
    async run(trial) {
      const [first, second] = [await trial.createStore(), await trial.createStore()];
      await set(first, 'one', newSession({ user: 'ada' }, 60_000));
      expectEqual('set in one store, got from the other', (await get(second, 'one'))?.user, 'ada');
      await destroy(second, 'one');
      expectEqual('destroyed in the other, got from the one', await get(first, 'one'), undefined);
    },
  },
  {
    id: 'isolation/get',
    title: 'two stores with names of their own never see the sessions of each other',
    area,
    level: 'promise',
    needs: [],
    async run(trial) {
      const { own, foreign } = await twoStores(trial);
      expectEqual('set `one` in both, got it from the first', (await get(own, 'one'))?.user, 'ada');
      expectEqual('set `one` in both, got it from the second', (await get(foreign, 'one'))?.user, 'eve');
      expectEqual('set `two` in the second, got it from the first', await get(own, 'two'), undefined);
    },
  },
  {
    id: 'isolation/destroy',
    title: 'a destroy in one store leaves the session of the same id in another store alone',
    area,
    level: 'promise',
    needs: [],
    async run(trial) {
      const { own, foreign } = await twoStores(trial);
      await destroy(own, 'one');
      expectEqual('destroyed `one` in the first, got it from there', await get(own, 'one'), undefined);
      expectEqual('destroyed `one` in the first, got the other', (await get(foreign, 'one'))?.user, 'eve');
    },
  },
  {
    id: 'isolation/clear',
    title: 'clear deletes the sessions of its own store only',
    area,
    level: 'promise',
    needs: ['clear'],
    async run(trial) {
      const { own, foreign } = await twoStores(trial);
      await clear(own);
      expectEqual('cleared the first store, got `one` from it', await get(own, 'one'), undefined);
      expectEqual(
        'cleared the first store, got `one` of the second',
        (await get(foreign, 'one'))?.user,
        'eve',
      );
      expectEqual(
        'cleared the first store, got `two` of the second',
        (await get(foreign, 'two'))?.user,
        'bob',
      );
    },
  },
  {
    id: 'isolation/length',
    title: 'length counts the sessions of its own store only',
    area,
    level: 'promise',
    needs: ['length'],
    async run(trial) {
      const { own, foreign } = await twoStores(trial);
      const lengths = [await length(own), await length(foreign)];
      expectEqual('set one session in the first store, two in the second: the lengths', lengths, [1, 2]);
    },
  },
  {
    id: 'isolation/all',
    title: 'all answers with the sessions of its own store only',
    area,
    level: 'promise',
    needs: ['all'],
    async run(trial) {
      const { own } = await twoStores(trial);
      const users = (await all(own)).map((session) => session.user);
      expectEqual('set one session in the first store, two in the second: all of the first', users, ['ada']);
    },
  },
  {
    id: 'isolation/ids',
    title: 'ids answers with the ids of its own store only',
    area,
    level: 'promise',
    needs: ['ids'],
    async run(trial) {
      const { own } = await twoStores(trial);
      expectEqual(
        'set `one` in the first store, `one` and `two` in the second',
        await ids(own),
        listed(trial, 'one'),
      );
    },
  },
];
