import type { Store } from 'express-session';
import { newSession, set } from '../calls.js';
import { type Check, CheckFailure, NotApplicable } from '../check.js';
import { expectEqual } from '../expectations.js';
import { storeInOutage } from '../outage.js';
import { answerLimit, WatchedCall } from '../watched-call.js';

const area = 'failure';

/** Closes a store; resolves when that is done, and fails the check where it fails or takes longer than `limit` ms. */
async function close(store: Store, limit: number, did: string): Promise<void> {
  const method = (store as { close?: () => unknown }).close;
  if (typeof method !== 'function') throw new NotApplicable('the store has no method `close`');
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new CheckFailure(did, `an end of close within ${limit} ms`, 'none')),
    limit,
  );
  try {
    // The methods of callback-only stores return nothing: what they do is done then.
    await Promise.race([method.call(store), late.promise]);
  } catch (error) {
    if (error instanceof CheckFailure) throw error;
    throw new CheckFailure(did, 'success of close', `${error}`);
  } finally {
    clearTimeout(timer);
  }
}

/** `close`, where a store has it. */
export const closeChecks: readonly Check[] = [
  {
    id: 'failure/close-twice',
    title: 'closing a store a second time is harmless',
    area,
    level: 'promise',
    needs: [],
    async run(trial) {
      const store = await trial.createStore();
      await set(store, 'one', newSession({ user: 'ada' }, 60_000));
      await close(store, 20_000, 'closed a store');
      await close(store, 20_000, 'closed a store a second time');
      await Promise.all([1, 2].map(() => close(store, 20_000, 'closed a store twice more at once')));
    },
  },
  {
    id: 'failure/close-while-busy',
    title: 'closing a store leaves none of its calls without an answer',
    area,
    level: 'promise',
    needs: [],
    async run(trial) {
      const store = await trial.createStore();
      const calls = Array.from({ length: 50 }, (_, index) => [
        new WatchedCall(store, 'set', `session ${index}`, newSession({ index }, 60_000)),
        new WatchedCall(store, 'get', `session ${index}`),
        new WatchedCall(store, 'destroy', `session ${index}`),
      ]).flat();
      const did = 'closed a store while 150 calls were running';
      await close(store, 20_000, did);
      calls.push(new WatchedCall(store, 'get', 'afterwards'));
      for (const call of calls) await call.within(answerLimit(trial.supports), did);
      const several = calls.filter((call) => call.calls !== 1).map(({ method }) => method);
      expectEqual(`${did}: methods that called back more than once`, several, []);
    },
  },
  {
    id: 'failure/close-in-outage',
    title: 'closing a store in an outage comes to an end, and so do its calls',
    area,
    level: 'promise',
    needs: ['network'],
    timeout: 90_000,
    async run(trial) {
      const store = await storeInOutage(trial, 'hang');
      const calls = [
        new WatchedCall(store, 'get', 'one'),
        new WatchedCall(store, 'set', 'two', newSession({ user: 'eve' }, 60_000)),
        new WatchedCall(store, 'destroy', 'three'),
      ];
      const did = 'closed a store while the server hung and calls were running';
      // Its calls have their time, then what was given up has once more, then the connection.
      await close(store, 3 * answerLimit(trial.supports), did);
      for (const call of calls) await call.within(answerLimit(trial.supports), did);
    },
  },
];
