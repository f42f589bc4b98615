import type { Store } from 'express-session';
import { type AnySession, callbackOf, destroy, get, newSession, set } from '../calls.js';
import type { Check } from '../check.js';
import { dataOf, loaded, save, sessionMaker } from '../direct-request.js';
import { expectEqual, expectThat } from '../expectations.js';
import { withChildStores } from '../processes/child-store.js';

const area = 'concurrency';

type Change = (session: AnySession) => unknown;

function addOne(session: AnySession): void {
  session.count += 1;
}

async function update(store: Store, id: string, change: Change): Promise<AnySession | undefined> {
  const [error, session] = await callbackOf(store, 'update', id, change);
  expectThat(!error, 'called update', 'success', error);
  return session as AnySession | undefined;
}

async function countOf(store: Store): Promise<unknown> {
  return (await get(store, 'counter'))?.count;
}

/** `update(id, fn)`: an atomic read-modify-write. */
export const updateChecks: readonly Check[] = [
  {
    id: 'concurrency/update',
    title: 'update keeps what its function changed or returned, and answers with the session',
    area,
    level: 'promise',
    needs: ['update'],
    async run(trial) {
      const store = await trial.createStore();
      await set(store, 'counter', newSession({ count: 1 }, 60_000));
      const changed = await update(store, 'counter', addOne);
      expectEqual('changed the session in update: the answer', changed?.count, 2);
      const returned = await update(store, 'counter', ({ cookie }) => ({ count: 10, cookie }));
      expectEqual('returned another session in update: the answer', returned?.count, 10);
      await update(store, 'counter', async (session) => {
        await new Promise((resolve) => setImmediate(resolve));
        addOne(session);
      });
      expectEqual('updated by an async function, got it', await countOf(store), 11);
    },
  },
  {
    id: 'concurrency/update-absent',
    title: 'update of a session that is not there answers without one and does not call its function',
    area,
    level: 'promise',
    needs: ['update'],
    async run(trial) {
      const store = await trial.createStore();
      let calls = 0;
      const count = () => {
        calls += 1;
      };
      expectEqual('updated an id that was never set', await update(store, 'counter', count), undefined);
      await set(store, 'counter', newSession({ count: 1 }, 60_000));
      await destroy(store, 'counter');
      expectEqual('updated a destroyed session', await update(store, 'counter', count), undefined);
      expectEqual('updated what is not there, counted the calls of the function', calls, 0);
      expectEqual('updated what is not there, got it', dataOf(await get(store, 'counter')), undefined);
    },
  },
  {
    id: 'concurrency/update-throws',
    title: 'an error of the function is the error of update, and changes nothing',
    area,
    level: 'promise',
    needs: ['update'],
    async run(trial) {
      const store = await trial.createStore();
      await set(store, 'counter', newSession({ count: 1 }, 60_000));
      const [error] = await callbackOf(store, 'update', 'counter', (session: AnySession) => {
        session.count = 99;
        throw new Error('not today');
      });
      expectThat(error instanceof Error, 'threw in the function of update', 'an Error', error);
      expectEqual('threw in the function of update, got the session', await countOf(store), 1);
    },
  },
  {
    id: 'concurrency/counter',
    title: 'a hundred updates of one counter at once add up to a hundred',
    area,
    level: 'promise',
    needs: ['update'],
    async run(trial) {
      const store = await trial.createStore();
      await set(store, 'counter', newSession({ count: 0 }, 60_000));
      await Promise.all(Array.from({ length: 100 }, () => update(store, 'counter', addOne)));
      expectEqual('added one a hundred times at once, got the count', await countOf(store), 100);
    },
  },
  {
    id: 'concurrency/counter-and-saves',
    title: 'updates of a counter and saves of requests at the same time lose nothing of each other',
    area,
    level: 'promise',
    needs: ['update'],
    async run(trial) {
      const store = await trial.createStore();
      await save(store, sessionMaker(store)('counter', { count: 0 }));
      const requests = await Promise.all(Array.from({ length: 20 }, () => loaded(store, 'counter')));
      await Promise.all(
        requests.flatMap((request, index) => {
          request[`key ${index}`] = true;
          return [update(store, 'counter', addOne), save(store, request)];
        }),
      );
      const { count, ...others } = dataOf(await get(store, 'counter')) ?? {};
      expectEqual('added one twenty times while twenty requests saved: the count', count, 20);
      const keys = Object.keys(others).length;
      expectEqual('added one twenty times while twenty requests set a key each: the keys', keys, 20);
    },
  },
  {
    id: 'concurrency/counter-of-stores',
    title: 'updates of one counter from three stores at once add up',
    area,
    level: 'promise',
    needs: ['update', 'shared'],
    async run(trial) {
      const stores = await Promise.all(Array.from({ length: 3 }, () => trial.createStore()));
      await set(stores[0] as Store, 'counter', newSession({ count: 0 }, 60_000));
      const updates = Array.from({ length: 90 }, (_, index) =>
        update(stores[index % stores.length] as Store, 'counter', addOne),
      );
      await Promise.all(updates);
      const count = await countOf(stores[0] as Store);
      expectEqual('added one thirty times from each of three stores at once, got the count', count, 90);
    },
  },
  {
    id: 'concurrency/counter-of-processes',
    title: 'updates of one counter from three processes at once add up',
    area,
    level: 'promise',
    needs: ['update', 'processes'],
    timeout: 90_000,
    async run(trial) {
      await withChildStores(trial, 3, async (children) => {
        const store = await trial.createStore();
        await set(store, 'counter', newSession({ count: 0 }, 600_000));
        const counting = children.map((child) => child.do({ order: 'count', id: 'counter', times: 100 }));
        const did = 'added one a hundred times from each of three processes at once';
        expectEqual(`${did}: errors`, (await Promise.all(counting)).flat(), []);
        expectEqual(`${did}, got the count`, await countOf(store), 300);
      });
    },
  },
];
