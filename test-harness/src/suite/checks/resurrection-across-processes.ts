import { destroy, get } from '../calls.js';
import type { Check } from '../check.js';
import { dataOf, loaded, save, saveError, sessionMaker } from '../direct-request.js';
import { expectEqual } from '../expectations.js';
import { withChildStores } from '../processes/child-store.js';
import { aliveOf, begin } from './resurrection-of-many.js';

const area = 'resurrection';

/** Logouts in one process, requests in another. */
export const processResurrectionChecks: readonly Check[] = [
  {
    id: 'resurrection/other-process-destroys',
    title: 'a session that another process has destroyed is not brought back by a save in this one',
    area,
    level: 'promise',
    needs: ['processes'],
    timeout: 60_000,
    async run(trial) {
      await withChildStores(trial, 1, async ([child]) => {
        const store = await trial.createStore();
        await save(store, sessionMaker(store)('one', { user: 'ada' }));
        const held = await loaded(store, 'one');
        const did = 'loaded a session, destroyed it in another process, saved it';
        expectEqual(`${did}: errors there`, await child?.do({ order: 'destroy', ids: ['one'] }), []);
        held.cart = ['tea'];
        await saveError(store, held);
        expectEqual(`${did}, got it`, dataOf(await get(store, 'one')), undefined);
      });
    },
  },
  {
    id: 'resurrection/other-process-saves',
    title: 'a session that this process has destroyed is not brought back by a save in another one',
    area,
    level: 'promise',
    needs: ['processes'],
    timeout: 60_000,
    async run(trial) {
      await withChildStores(trial, 1, async ([child]) => {
        const store = await trial.createStore();
        await save(store, sessionMaker(store)('one', { user: 'ada' }));
        await child?.do({ order: 'load', ids: ['one'] });
        await destroy(store, 'one');
        const did = 'loaded a session in another process, destroyed it here, saved it there';
        const errors = await child?.do({ order: 'save', key: 'cart', value: ['tea'] });
        expectEqual(`${did}, got it`, dataOf(await get(store, 'one')), undefined);
        expectEqual(`${did}: errors there`, errors, []);
      });
    },
  },
  {
    id: 'resurrection/thousand-logouts-in-three-processes',
    title:
      'of 1,000 sessions that three processes destroy at once while all three save them, none lives afterwards',
    area,
    level: 'promise',
    needs: ['processes'],
    timeout: 120_000,
    async run(trial) {
      await withChildStores(trial, 3, async (children) => {
        const store = await trial.createStore();
        const ids = await begin(store, 1_000);
        await Promise.all(children.map((child) => child.do({ order: 'load', ids })));
        const destroying = children.map((child, number) => {
          const share = ids.filter((_, index) => index % children.length === number);
          return child.do({ order: 'save and destroy', ids: share });
        });
        const did =
          'destroyed 1,000 sessions from three processes at once, each saving all of them meanwhile';
        expectEqual(`${did}: errors of destroy`, (await Promise.all(destroying)).flat(), []);
        expectEqual(`${did}, counted those alive`, await aliveOf(store, ids), 0);
        await Promise.all(children.map((child) => child.do({ order: 'save', key: 'late', value: true })));
        expectEqual(`${did}, saved them again, counted those alive`, await aliveOf(store, ids), 0);
      });
    },
  },
];
