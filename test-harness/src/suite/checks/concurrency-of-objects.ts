import { get, newSession, set } from '../calls.js';
import type { Check } from '../check.js';
import { dataOf, loaded, type RequestSession, save, sessionMaker } from '../direct-request.js';
import { expectEqual } from '../expectations.js';

const area = 'concurrency';

/** Session objects that are saved twice, copied, or come from nowhere, while other requests write. */
export const objectChecks: readonly Check[] = [
  {
    id: 'concurrency/two-saves',
    title: 'the second save of one session object keeps what another request wrote between its two saves',
    area,
    level: 'promise',
    needs: [],
    async run(trial) {
      const store = await trial.createStore();
      await save(store, sessionMaker(store)('one', { user: 'ada' }));
      const [mine, theirs] = [await loaded(store, 'one'), await loaded(store, 'one')];
      mine.first = true;
      await save(store, mine);
      theirs.between = true;
      await save(store, theirs);
      mine.second = true;
      await save(store, mine);
      expectEqual(
        'saved a session, another request saved it, saved the first object again; got it',
        dataOf(await get(store, 'one')),
        { user: 'ada', first: true, between: true, second: true },
      );
    },
  },
  {
    id: 'concurrency/new-session-saved-again',
    title: 'the object with which a session was begun keeps what another request wrote meanwhile',
    area,
    level: 'promise',
    needs: [],
    async run(trial) {
      const store = await trial.createStore();
      const fresh = sessionMaker(store)('one', { user: 'ada' });
      await save(store, fresh);
      const theirs = await loaded(store, 'one');
      theirs.between = true;
      await save(store, theirs);
      fresh.second = true;
      await save(store, fresh);
      expectEqual(
        'began a session, another request changed it, saved the first object again; got it',
        dataOf(await get(store, 'one')),
        { user: 'ada', between: true, second: true },
      );
    },
  },
  {
    id: 'concurrency/spread-copy',
    title: 'a spread copy of req.session keeps what another request wrote meanwhile',
    area,
    level: 'promise',
    needs: [],
    async run(trial) {
      const store = await trial.createStore();
      await save(store, sessionMaker(store)('one', { user: 'ada' }));
      const [mine, theirs] = [await loaded(store, 'one'), await loaded(store, 'one')];
      theirs.theirs = true;
      await save(store, theirs);
      await set(store, 'one', { ...mine, mine: true } as RequestSession);
      expectEqual(
        'loaded a session, another request changed it, set { ...session, mine: true }; got it',
        dataOf(await get(store, 'one')),
        { user: 'ada', theirs: true, mine: true },
      );
    },
  },
  {
    id: 'concurrency/plain-object',
    title: 'a plain object that is set replaces the whole session, whatever requests have changed in it',
    area,
    level: 'promise',
    needs: [],
    async run(trial) {
      const store = await trial.createStore();
      await save(store, sessionMaker(store)('one', { user: 'ada' }));
      const theirs = await loaded(store, 'one');
      theirs.theirs = true;
      await save(store, theirs);
      await set(store, 'one', newSession({ user: 'eve' }, 60_000));
      expectEqual(
        'changed a session in a request, set { user } as a plain object; got it',
        dataOf(await get(store, 'one')),
        { user: 'eve' },
      );
    },
  },
];
