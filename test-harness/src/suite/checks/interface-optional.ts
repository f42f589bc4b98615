import { all, callbackOf, clear, destroy, get, ids, length, listed, newSession, set } from '../calls.js';
import type { Check } from '../check.js';
import { expectEqual, expectThat } from '../expectations.js';

const area = 'interface';

/** The methods that express-session does not call itself. */
export const optionalMethodChecks: readonly Check[] = [
  {
    id: 'interface/length',
    title: 'length answers how many sessions there are',
    area,
    level: 'required',
    needs: ['length'],
    async run(trial) {
      const store = await trial.createStore();
      expectEqual('asked an empty store for its length', await length(store), 0);
      for (const id of ['one', 'two', 'three']) await set(store, id, newSession({ id }, 60_000));
      expectEqual('set three sessions, asked for the length', await length(store), 3);
      await destroy(store, 'two');
      expectEqual('destroyed one of three, asked for the length', await length(store), 2);
    },
  },
  {
    id: 'interface/all',
    title: 'all answers with all sessions',
    area,
    level: 'required',
    needs: ['all'],
    async run(trial) {
      const store = await trial.createStore();
      expectEqual('asked an empty store for all sessions', await all(store), []);
      for (const user of ['ada', 'eve']) await set(store, `id of ${user}`, newSession({ user }, 60_000));
      const users = (await all(store)).map((session) => session.user).sort();
      expectEqual('set the sessions of ada and eve, asked for all', users, ['ada', 'eve']);
    },
  },
  {
    id: 'interface/all-array',
    title: 'all answers with an array of sessions that say their id',
    area,
    level: 'promise',
    needs: ['all'],
    async run(trial) {
      const store = await trial.createStore();
      await set(store, 'one', newSession({ user: 'ada' }, 60_000));
      const [, sessions] = await callbackOf(store, 'all');
      expectThat(Array.isArray(sessions), 'set a session, asked for all', 'an array', sessions);
      expectEqual('set a session, asked for all, looked at `id`', [sessions[0]?.id], listed(trial, 'one'));
    },
  },
  {
    id: 'interface/ids',
    title: 'ids answers with the ids of all sessions',
    area,
    level: 'promise',
    needs: ['ids'],
    async run(trial) {
      const store = await trial.createStore();
      expectEqual('asked an empty store for its ids', await ids(store), []);
      for (const id of ['one', 'two']) await set(store, id, newSession({}, 60_000));
      expectEqual('set `one` and `two`, asked for the ids', await ids(store), listed(trial, 'one', 'two'));
    },
  },
  {
    id: 'interface/clear',
    title: 'clear deletes every session, and new ones can be set afterwards',
    area,
    level: 'required',
    needs: ['clear'],
    async run(trial) {
      const store = await trial.createStore();
      for (const id of ['one', 'two']) await set(store, id, newSession({}, 60_000));
      await clear(store);
      for (const id of ['one', 'two'])
        expectEqual(`cleared the store, got \`${id}\``, await get(store, id), undefined);
      await set(store, 'one', newSession({ user: 'eve' }, 60_000));
      expectEqual('set a session after the clear, got it', (await get(store, 'one'))?.user, 'eve');
    },
  },
];
