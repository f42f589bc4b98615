import { callbackOf, destroy, get } from '../calls.js';
import { type Check, CheckFailure } from '../check.js';
import { dataOf, destroyAtLast, save, saveError, sessionMaker } from '../direct-request.js';
import { expectEqual, expectThat } from '../expectations.js';
import { answersWithin, clockPast } from '../waiting.js';
import { answerLimit, WatchedCall } from '../watched-call.js';

const area = 'resurrection';

function heldUpInsert(id: string, title: string, before: readonly 'clear'[]): Check {
  return {
    id,
    title,
    area,
    level: 'promise',
    needs: ['network', ...before],
    timeout: 90_000,
    async run(trial) {
      const store = await trial.createStore();
      const make = sessionMaker(store);
      // It has its connection, and its server has the scripts, before the network begins to hold things up.
      await save(store, make('another', { user: 'eve' }));
      const session = make('one', { user: 'ada' });
      const hold = trial.proxy.holdRequests();
      const saving = new WatchedCall(store, 'set', 'one', session);
      await hold.firstHeld;
      // Only what is on its way is held: whatever the store tries on another connection gets through.
      hold.stop();
      const did = `the first save of a session was held up on its connection, the store was told to ${[...before, 'destroy it'].join(' and to ')}`;
      await saving.within(answerLimit(trial.supports), did);
      for (const method of before) {
        const { error } = await new WatchedCall(store, method).within(answerLimit(trial.supports), did);
        expectThat(!error, did, `success of ${method}`, error);
      }
      await destroyAtLast(store, 'one', did);
      await hold.release();
      expectEqual(`${did}, the save arrived, got it`, dataOf(await get(store, 'one')), undefined);
    },
  };
}

/** What the network delivers late, or twice. */
export const lateResurrectionChecks: readonly Check[] = [
  heldUpInsert(
    'resurrection/held-up-insert',
    'a first save that the network holds up until after the destroy does not bring the session back',
    [],
  ),
  heldUpInsert(
    'resurrection/held-up-insert-and-clear',
    'a first save that the network holds up until after a clear and a destroy does not bring the session back',
    ['clear'],
  ),
  {
    id: 'resurrection/repeated-insert',
    title:
      'a first save that the network delivers a second time after the destroy does not bring the session back',
    area,
    level: 'promise',
    needs: ['network', 'shared'],
    async run(trial) {
      const other = await trial.createStore();
      // Its connection comes about before, so that what it sends is not repeated.
      await get(other, 'another');
      const late = 500;
      trial.proxy.duplicateRequests(late);
      const store = await trial.createStore();
      await save(store, sessionMaker(store)('one', { user: 'ada' }));
      const saved = Date.now();
      trial.proxy.duplicateRequests(undefined);
      await destroy(other, 'one');
      const did = 'saved a session for the first time, destroyed it, the network delivered the save again';
      expectEqual(`${did} (before that), got it`, dataOf(await get(other, 'one')), undefined);
      // The proxy says when it sends things again; 300 ms for the server to do them.
      await clockPast(saved + late + 300);
      expectEqual(`${did}, got it`, dataOf(await get(other, 'one')), undefined);
    },
  },
  {
    id: 'resurrection/repeated-update',
    title:
      'a change that the network delivers a second time after the destroy does not bring the session back',
    area,
    level: 'promise',
    needs: ['network', 'shared'],
    async run(trial) {
      const other = await trial.createStore();
      await get(other, 'another');
      const late = 500;
      trial.proxy.duplicateRequests(late);
      const store = await trial.createStore();
      const session = sessionMaker(store)('one', { user: 'ada' });
      await save(store, session);
      session.cart = ['tea'];
      await save(store, session);
      const saved = Date.now();
      trial.proxy.duplicateRequests(undefined);
      await destroy(other, 'one');
      await clockPast(saved + late + 300);
      const did = 'saved a session twice, destroyed it, the network delivered the saves again';
      expectEqual(`${did}, got it`, dataOf(await get(other, 'one')), undefined);
    },
  },
  {
    id: 'resurrection/read-on-the-wire',
    title: 'a get that begins after the destroy finds nothing, although an older read is still on the wire',
    area,
    level: 'promise',
    needs: ['network', 'shared'],
    async run(trial) {
      const [reader, other] = [await trial.createStore(), await trial.createStore()];
      const did =
        'destroyed a session while the reply to a read of it was on the wire, began another get of it';
      for (const id of ['one', 'two', 'three', 'four', 'five']) {
        await save(other, sessionMaker(other)(id, { user: 'ada' }));
        await get(reader, 'another');
        const hold = trial.proxy.holdReplies();
        const older = callbackOf(reader, 'get', id);
        await hold.firstHeld;
        hold.stop();
        const destroying = callbackOf(other, 'destroy', id);
        const isDestroyed = await answersWithin(destroying, 1_000);
        const beginning = isDestroyed ? callbackOf(reader, 'get', id) : undefined;
        await hold.release();
        const [[failure], younger] = [await destroying, await beginning];
        await older;
        // What a store says of itself to its server may have been on the connection that was held: then once more.
        if (younger === undefined) continue;
        expectThat(!failure, 'destroyed a session', 'success', failure);
        expectThat(!younger[0], did, 'no session', younger[0]);
        expectEqual(did, dataOf((younger[1] ?? undefined) as undefined), undefined);
        return;
      }
      throw new CheckFailure(did, 'the destroy answered meanwhile', 'no answer, five times');
    },
  },
  {
    id: 'resurrection/failed-save',
    title: 'a session whose save failed in an outage, and which is destroyed after it, stays dead',
    area,
    level: 'promise',
    needs: ['network'],
    timeout: 90_000,
    async run(trial) {
      const store = await trial.createStore();
      const session = sessionMaker(store)('one', { user: 'ada' });
      await save(store, session);
      session.cart = ['tea'];
      await trial.proxy.setMode('hang');
      const did = 'the network hung during a save, and again moved, the session was destroyed';
      const saving = new WatchedCall(store, 'set', 'one', session);
      await saving.within(answerLimit(trial.supports), did);
      await trial.proxy.setMode('pass');
      await destroyAtLast(store, 'one', did);
      await saveError(store, session);
      expectEqual(`${did}, saved it again, got it`, dataOf(await get(store, 'one')), undefined);
    },
  },
];
