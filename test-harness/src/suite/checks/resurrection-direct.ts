import type { Store } from 'express-session';
import { callbackOf, destroy, get, newSession, set } from '../calls.js';
import { type Check, NotApplicable } from '../check.js';
import { dataOf, loaded, type RequestSession, save, saveError, sessionMaker } from '../direct-request.js';
import { expectEqual, expectThat } from '../expectations.js';

const area = 'resurrection';

async function expectDead(store: Store, id: string, did: string): Promise<void> {
  expectEqual(`${did}, got it`, dataOf(await get(store, id)), undefined);
}

/** Saves and destroys many sessions, each without waiting for the one before, and counts those that live. */
async function aliveAfterSaveAndDestroy(store: Store, sessions: readonly RequestSession[]): Promise<number> {
  await Promise.all(
    sessions.flatMap((session) => {
      session.cart = ['tea'];
      return [saveError(store, session), destroy(store, session.id)];
    }),
  );
  const found = await Promise.all(sessions.map(({ id }) => get(store, id)));
  return found.filter((session) => session !== undefined).length;
}

/** Destroyed sessions that somebody still holds, without HTTP. */
export const directResurrectionChecks: readonly Check[] = [
  {
    id: 'resurrection/held',
    title: 'saving a destroyed session that a request still holds is no error and does not bring it back',
    area,
    level: 'promise',
    needs: [],
    async run(trial) {
      const store = await trial.createStore();
      await save(store, sessionMaker(store)('one', { user: 'ada' }));
      const held = await loaded(store, 'one');
      await destroy(store, 'one');
      held.cart = ['tea'];
      const did = 'loaded a session, destroyed it, saved it by the loaded object';
      const error = await saveError(store, held);
      await expectDead(store, 'one', did);
      expectThat(!error, did, 'no error to the request', error);
    },
  },
  {
    id: 'resurrection/held-touch',
    title: 'touching a destroyed session that a request still holds is no error and does not bring it back',
    area,
    level: 'promise',
    needs: ['touch'],
    async run(trial) {
      const store = await trial.createStore();
      await save(store, sessionMaker(store)('one', { user: 'ada' }));
      const held = await loaded(store, 'one');
      await destroy(store, 'one');
      const did = 'loaded a session, destroyed it, touched it by the loaded object';
      const [error] = await callbackOf(store, 'touch', 'one', held);
      await expectDead(store, 'one', did);
      expectThat(!error, did, 'no error to the request', error);
      held.cookie.maxAge = 1_200_000;
      await callbackOf(store, 'touch', 'one', held);
      await expectDead(store, 'one', `${did} with a longer life`);
    },
  },
  {
    id: 'resurrection/never-saved',
    title: 'a new session that was destroyed before it was ever saved is not stored by a later save',
    area,
    level: 'promise',
    needs: [],
    async run(trial) {
      const store = await trial.createStore();
      const held = sessionMaker(store)('one', { user: 'ada' });
      await destroy(store, 'one');
      await saveError(store, held);
      await expectDead(store, 'one', 'made a session, destroyed it, saved it for the first time');
    },
  },
  {
    id: 'resurrection/saved-then-held',
    title: 'the object with which a session was begun does not bring it back either',
    area,
    level: 'promise',
    needs: [],
    async run(trial) {
      const store = await trial.createStore();
      const held = sessionMaker(store)('one', { user: 'ada' });
      await save(store, held);
      await destroy(store, 'one');
      held.cart = ['tea'];
      await saveError(store, held);
      await expectDead(store, 'one', 'made a session, saved it, destroyed it, saved the same object');
    },
  },
  {
    id: 'resurrection/save-unawaited',
    title: 'of a hundred sessions that are saved and destroyed without waiting for the save, none lives',
    area,
    level: 'promise',
    needs: [],
    async run(trial) {
      const store = await trial.createStore();
      const make = sessionMaker(store);
      const ids = Array.from({ length: 100 }, (_, index) => `session ${index}`);
      const fresh = ids.map((id) => make(id, { user: 'ada' }));
      const did = 'saved and destroyed without waiting, counted the sessions alive';
      expectEqual(`${did}, of a hundred new ones`, await aliveAfterSaveAndDestroy(store, fresh), 0);
      for (const id of ids) await save(store, make(`stored ${id}`, { user: 'ada' }));
      const known = await Promise.all(ids.map((id) => loaded(store, `stored ${id}`)));
      expectEqual(`${did}, of a hundred stored ones`, await aliveAfterSaveAndDestroy(store, known), 0);
    },
  },
  {
    id: 'resurrection/other-store',
    title: 'a session that another store of the same storage has destroyed is not brought back',
    area,
    level: 'promise',
    needs: ['shared'],
    async run(trial) {
      const [mine, other] = [await trial.createStore(), await trial.createStore()];
      await save(mine, sessionMaker(mine)('one', { user: 'ada' }));
      const held = await loaded(mine, 'one');
      await destroy(other, 'one');
      held.cart = ['tea'];
      const error = await saveError(mine, held);
      const did = 'loaded a session, destroyed it by another store, saved it';
      await expectDead(mine, 'one', did);
      await expectDead(other, 'one', did);
      expectThat(!error, did, 'no error to the request', error);
    },
  },
  {
    id: 'resurrection/other-store-gave-it-again',
    title: 'a session that another store has destroyed and begun anew under the same id is left alone',
    area,
    level: 'promise',
    needs: ['shared'],
    async run(trial) {
      const [mine, other] = [await trial.createStore(), await trial.createStore()];
      await save(mine, sessionMaker(mine)('one', { user: 'ada' }));
      const held = await loaded(mine, 'one');
      await destroy(other, 'one');
      await save(other, sessionMaker(other)('one', { user: 'eve' }));
      held.note = 'of ada';
      await saveError(mine, held);
      const did = 'loaded the session of ada, another store destroyed it and gave eve its id, saved it';
      expectEqual(did, dataOf(await get(other, 'one')), { user: 'eve' });
    },
  },
  {
    id: 'resurrection/plain-object',
    title: 'a plain object that is set under the id of a destroyed session is a new session',
    area,
    level: 'required',
    needs: [],
    async run(trial) {
      const store = await trial.createStore();
      await set(store, 'one', newSession({ user: 'ada', cart: ['tea'] }, 60_000));
      await destroy(store, 'one');
      await set(store, 'one', newSession({ user: 'eve' }, 60_000));
      const did = 'destroyed a session, set a plain object under its id, got it';
      expectEqual(did, dataOf(await get(store, 'one')), { user: 'eve' });
    },
  },
  {
    id: 'resurrection/dropped-event',
    title: 'a save that is dropped because its session was destroyed is reported as the event `dropped`',
    area,
    level: 'promise',
    needs: [],
    async run(trial) {
      const store = await trial.createStore();
      const events: string[] = [];
      for (const name of ['created', 'saved', 'dropped']) store.on(name, () => events.push(name));
      await save(store, sessionMaker(store)('one', { user: 'ada' }));
      const held = await loaded(store, 'one');
      if (events.length === 0) throw new NotApplicable('the store has no events about what sessions do');
      await destroy(store, 'one');
      held.cart = ['tea'];
      await saveError(store, held);
      // An event may be emitted after the callback; the store answers another question only later.
      await get(store, 'another');
      const dropped = events.filter((name) => name === 'dropped').length;
      expectEqual('loaded a session, destroyed it, saved it: `dropped` events', dropped, 1);
    },
  },
];
