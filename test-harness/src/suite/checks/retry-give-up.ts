import type { Store } from 'express-session';
import { destroy, get, newSession, set } from '../calls.js';
import { type Check, NotApplicable } from '../check.js';
import { dataOf, save, sessionMaker } from '../direct-request.js';
import { expectEqual, expectThat } from '../expectations.js';
import { mend } from '../outage.js';
import type { Trial } from '../trial.js';
import { until } from '../waiting.js';
import { WatchedCall } from '../watched-call.js';
import { retryingLimit } from './retry-blips.js';

const area = 'retry';

/** A store whose destroys of these sessions were given up in an outage, which is not over yet. */
async function givenUp(trial: Trial, ids: readonly string[]): Promise<{ store: Store; witness: Store }> {
  if (!trial.supports.retries) throw new NotApplicable('the store does not retry by itself');
  const store = await trial.createRetryingStore();
  const witness = await trial.createStore();
  for (const id of ids) await save(store, sessionMaker(store)(id, { user: 'ada' }));
  await trial.proxy.setMode('refuse');
  const did = 'destroyed a session while the server refused connections until the store gave up';
  const calls = ids.map((id) => new WatchedCall(store, 'destroy', id));
  for (const call of calls) {
    const { error } = await call.within(retryingLimit, did);
    expectThat(error instanceof Error, did, 'an Error', error);
  }
  return { store, witness };
}

/** A destroy that has failed for good, as far as its caller is told. */
export const giveUpChecks: readonly Check[] = [
  {
    id: 'retry/give-up-hides',
    title:
      'a destroy that gives up is an error, its session is shown to nobody from then on, and it ends later',
    area,
    level: 'promise',
    needs: ['network', 'shared'],
    timeout: 120_000,
    async run(trial) {
      const { store, witness } = await givenUp(trial, ['one']);
      const did = 'destroyed a session in an outage until the store gave up, mended the network';
      const duringOutage = new WatchedCall(store, 'get', 'one');
      await mend(trial, witness);
      const { result } = await duringOutage.within(retryingLimit, did);
      expectEqual(`${did}: what a get during the outage found`, result ?? undefined, undefined);
      const ended = async () => {
        const [here, there] = await Promise.all([
          new WatchedCall(store, 'get', 'one').answered,
          get(witness, 'one'),
        ]);
        const shown = dataOf((here.result ?? undefined) as Parameters<typeof dataOf>[0]);
        expectEqual(`${did}, got it by the same store`, shown, undefined);
        return there === undefined;
      };
      await until(did, 'the session gone from the storage', ended, 40_000);
    },
  },
  {
    id: 'retry/give-up-id-again',
    title: 'a session that is begun under the id of a destroy that was given up lives',
    area,
    level: 'promise',
    needs: ['network', 'shared'],
    timeout: 120_000,
    async run(trial) {
      const { store, witness } = await givenUp(trial, ['one', 'two', 'three']);
      await mend(trial, witness);
      const did = 'destroyed sessions in an outage until the store gave up, mended the network';
      await save(store, sessionMaker(store)('one', { user: 'eve' }));
      await set(store, 'two', newSession({ user: 'eve' }, 600_000));
      const ended = async () => (await get(witness, 'three')) === undefined;
      // The store goes on with all that it has given up, so that by then nothing more is to come.
      await until(did, 'the third one gone from the storage', ended, 40_000);
      for (const [id, how] of [
        ['one', 'began a session under the id of the first'],
        ['two', 'set a plain object under the id of the second'],
      ] as const) {
        const lives = [dataOf(await get(store, id)), dataOf(await get(witness, id))];
        expectEqual(`${did}, ${how}, got it by both stores`, lives, [{ user: 'eve' }, { user: 'eve' }]);
        await destroy(store, id);
        expectEqual(`${did}, ${how}, destroyed it, got it`, dataOf(await get(store, id)), undefined);
      }
    },
  },
];
