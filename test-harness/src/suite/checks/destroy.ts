import { callbackOf, destroy, get, ids, length, listed, newSession, set } from '../calls.js';
import type { Check } from '../check.js';
import { expectEqual, expectThat } from '../expectations.js';
import { until } from '../waiting.js';
import { destroyInRequestChecks } from './destroy-in-request.js';

const area = 'destroy';

const directChecks: readonly Check[] = [
  {
    id: 'destroy/data-gone',
    title: 'after a destroy the data is gone from the store',
    area,
    level: 'required',
    needs: [],
    async run(trial) {
      const store = await trial.createStore();
      await set(store, 'one', newSession({ user: 'ada' }, 60_000));
      await destroy(store, 'one');
      expectEqual('set, destroyed and got a session', await get(store, 'one'), undefined);
    },
  },
  {
    id: 'destroy/others-stay',
    title: 'a destroy ends one session and no other',
    area,
    level: 'required',
    needs: [],
    async run(trial) {
      const store = await trial.createStore();
      for (const id of ['a', 'ab', 'b']) await set(store, id, newSession({ id }, 60_000));
      await destroy(store, 'a');
      for (const id of ['ab', 'b'])
        expectEqual(`destroyed \`a\`, got \`${id}\``, (await get(store, id))?.id, id);
    },
  },
  {
    id: 'destroy/not-listed',
    title: 'a destroyed session is not listed any more',
    area,
    level: 'promise',
    needs: ['ids'],
    async run(trial) {
      const store = await trial.createStore();
      for (const id of ['one', 'two']) await set(store, id, newSession({}, 60_000));
      await destroy(store, 'one');
      expectEqual(
        'destroyed `one` of `one` and `two`, asked for the ids',
        await ids(store),
        listed(trial, 'two'),
      );
    },
  },
  {
    id: 'destroy/not-counted',
    title: 'a destroyed session is not counted any more',
    area,
    level: 'required',
    needs: ['length'],
    async run(trial) {
      const store = await trial.createStore();
      await set(store, 'one', newSession({}, 60_000));
      await destroy(store, 'one');
      expectEqual('set and destroyed a session, asked for the length', await length(store), 0);
    },
  },
  {
    id: 'destroy/no-error',
    title: 'the callback of a destroy that succeeded gets no error',
    area,
    level: 'required',
    needs: [],
    async run(trial) {
      const store = await trial.createStore();
      await set(store, 'one', newSession({}, 60_000));
      const [error] = await callbackOf(store, 'destroy', 'one');
      expectThat(error === null || error === undefined, 'destroyed a session', 'null or undefined', error);
    },
  },
  {
    id: 'destroy/null',
    title: 'the error of a destroy that succeeded is null, not undefined',
    area,
    // express-session's own MemoryStore calls back without arguments.
    level: 'promise',
    needs: [],
    async run(trial) {
      const store = await trial.createStore();
      await set(store, 'one', newSession({}, 60_000));
      expectEqual(
        'destroyed a session, looked at the error',
        (await callbackOf(store, 'destroy', 'one'))[0],
        null,
      );
    },
  },
  {
    id: 'destroy/failure-is-an-error',
    title: 'the error of a destroy that failed is an Error',
    area,
    level: 'required',
    needs: ['network'],
    timeout: 60_000,
    async run(trial) {
      const store = await trial.createStore();
      await set(store, 'one', newSession({}, 60_000));
      await trial.proxy.setMode('refuse');
      const [error] = await callbackOf(store, 'destroy', 'one');
      expectThat(error instanceof Error, 'cut the network, destroyed a session', 'an Error', error);
    },
  },
  {
    id: 'destroy/absent',
    title: 'destroying what is not there is a success',
    area,
    level: 'required',
    needs: [],
    async run(trial) {
      const [error] = await callbackOf(await trial.createStore(), 'destroy', 'never');
      expectThat(!error, 'destroyed an id that was never set', 'success', error);
    },
  },
  {
    id: 'destroy/twice',
    title: 'destroying a session a second time is a success',
    area,
    level: 'required',
    needs: [],
    async run(trial) {
      const store = await trial.createStore();
      await set(store, 'one', newSession({}, 60_000));
      await destroy(store, 'one');
      const [error] = await callbackOf(store, 'destroy', 'one');
      expectThat(!error, 'destroyed a session twice', 'success', error);
      expectEqual('destroyed a session twice, got it', await get(store, 'one'), undefined);
    },
  },
  {
    id: 'destroy/without-callback',
    title: 'a destroy without a callback is allowed and ends the session',
    area,
    level: 'required',
    needs: [],
    async run(trial) {
      const store = await trial.createStore();
      await set(store, 'one', newSession({}, 60_000));
      store.destroy('one');
      const gone = async () => (await get(store, 'one')) === undefined;
      await until('destroyed a session without a callback', 'the session gone', gone);
    },
  },
  {
    id: 'destroy/hundred-of-one',
    title: 'a hundred destroys of one session at once all answer',
    area,
    level: 'required',
    needs: [],
    async run(trial) {
      const store = await trial.createStore();
      await set(store, 'one', newSession({}, 60_000));
      await Promise.all(Array.from({ length: 100 }, () => destroy(store, 'one')));
      expectEqual('destroyed a session a hundred times at once, got it', await get(store, 'one'), undefined);
    },
  },
  {
    id: 'destroy/thousands',
    title: 'two thousand sessions destroyed at once: every destroy answers, every session is gone',
    area,
    level: 'required',
    needs: [],
    timeout: 120_000,
    async run(trial) {
      const store = await trial.createStore();
      const all = Array.from({ length: 2_000 }, (_, index) => `session ${index}`);
      await inPortions(all, 100, (id) => set(store, id, newSession({ id }, 600_000)));
      await Promise.all(all.map((id) => destroy(store, id)));
      let alive = 0;
      await inPortions(all, 100, async (id) => {
        if ((await get(store, id)) !== undefined) alive += 1;
      });
      expectEqual('destroyed 2,000 sessions at once, counted those that are alive', alive, 0);
    },
  },
  {
    id: 'destroy/many',
    title: 'destroyMany ends the sessions that it names and no other',
    area,
    level: 'promise',
    needs: ['destroyMany'],
    async run(trial) {
      const store = await trial.createStore();
      for (const id of ['one', 'two', 'three']) await set(store, id, newSession({ id }, 60_000));
      const [error] = await callbackOf(store, 'destroyMany', ['one', 'three', 'never']);
      expectThat(!error, 'destroyed two of three sessions and an id that is not there', 'success', error);
      for (const id of ['one', 'three'])
        expectEqual(`destroyed \`${id}\`, got it`, await get(store, id), undefined);
      expectEqual('did not destroy `two`, got it', (await get(store, 'two'))?.id, 'two');
    },
  },
];

export const destroyChecks: readonly Check[] = [...directChecks, ...destroyInRequestChecks];

/** Does `work` for all items, so many at once: what comes before or after the thing that is measured. */
async function inPortions<Item>(
  items: Item[],
  size: number,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  for (let start = 0; start < items.length; start += size) {
    await Promise.all(items.slice(start, start + size).map(work));
  }
}
