import type { Store } from 'express-session';
import { callbackOf, get, newSession, set } from '../calls.js';
import type { Check } from '../check.js';
import { loaded, save, sessionMaker } from '../direct-request.js';
import { expectEqual, expectThat } from '../expectations.js';
import type { Trial } from '../trial.js';
import { until } from '../waiting.js';
import { WatchedCall } from '../watched-call.js';
import { retryingLimit } from './retry-blips.js';

const area = 'retry';

/** The next chunk that goes to the server arrives there, and its reply is lost. Resolves when that has happened. */
function loseNextReply(trial: Trial): Promise<void> {
  const lost = Promise.withResolvers<void>();
  // The proxy asks first whether a chunk is lost, then whether before or after the server has it.
  const answers = [0, 0.9];
  trial.proxy.setLoss(0.5, () => {
    if (answers.length === 1) lost.resolve();
    return answers.shift() ?? 1;
  });
  return lost.promise;
}

function addOne(session: { count?: number }): void {
  session.count = (session.count ?? 0) + 1;
}

/** Work that the server did and of which nobody was told. */
export const lostReplyChecks: readonly Check[] = [
  {
    id: 'retry/update-once',
    title: 'an update whose reply is lost is applied once',
    area,
    level: 'promise',
    needs: ['network', 'update'],
    timeout: 60_000,
    async run(trial) {
      const store = await trial.createRetryingStore();
      await set(store, 'one', newSession({ count: 0 }, 600_000));
      const did = 'added one by update twenty times, and lost a message of each';
      for (let times = 0; times < 20; times += 1) {
        loseNextReply(trial);
        const [error] = await callbackOf(store, 'update', 'one', addOne);
        expectThat(!error, did, 'success', error);
        // At every other time it is the reply to the write that is lost, not that to the read.
        let chunks = 0;
        trial.proxy.setLoss(0.5, () => {
          chunks += 1;
          return chunks === 2 ? 0 : chunks === 3 ? 0.9 : 1;
        });
        const [again] = await callbackOf(store, 'update', 'one', addOne);
        expectThat(!again, did, 'success', again);
      }
      trial.proxy.setLoss(0);
      expectEqual(`${did}, got the count`, (await get(store, 'one'))?.count, 40);
    },
  },
  {
    id: 'retry/not-undone',
    title: 'a save whose reply is lost does not undo what another request has written since',
    area,
    level: 'promise',
    needs: ['network', 'shared'],
    timeout: 90_000,
    async run(trial) {
      const [mine, other] = [await trial.createRetryingStore(), await trial.createStore()];
      await save(other, sessionMaker(other)('one', { round: -1 }));
      const did =
        'saved a session, the reply was lost, another request saved it, the first save was answered';
      for (let round = 0; round < 10; round += 1) {
        const request = await loaded(mine, 'one');
        Object.assign(request, { round, by: 'mine' });
        const lost = loseNextReply(trial);
        const saving = new WatchedCall(mine, 'set', 'one', request);
        await lost;
        const arrived = async () => (await get(other, 'one'))?.round === round;
        await until(did, 'the saved session to be there', arrived);
        const theirs = await loaded(other, 'one');
        theirs.by = 'other';
        await save(other, theirs);
        // Without a way to tell whether it took effect, an error is an honest answer.
        await saving.within(retryingLimit, did);
        expectEqual(`${did}: by whom it was saved last`, (await get(other, 'one'))?.by, 'other');
      }
      trial.proxy.setLoss(0);
    },
  },
  {
    id: 'retry/counters',
    title: 'counters that three stores change by update are exact although a tenth of all messages is lost',
    area,
    level: 'promise',
    needs: ['network', 'shared', 'update'],
    timeout: 90_000,
    async run(trial) {
      const stores: Store[] = [];
      for (let index = 0; index < 3; index += 1) stores.push(await trial.createRetryingStore());
      const counters = Array.from({ length: 40 }, (_, index) => ({
        id: `counter ${index}`,
        succeeded: 0,
        failed: 0,
      }));
      const first = stores[0] as Store;
      for (const { id } of counters) await set(first, id, newSession({ count: 0 }, 600_000));
      trial.proxy.setLoss(0.1);
      // As many as there is time for, and 10,000 at the most.
      const end = performance.now() + 15_000;
      let left = 10_000;
      const worker = async (store: Store, begin: number) => {
        for (let index = begin; left > 0 && performance.now() < end; index += 1) {
          left -= 1;
          const counter = counters[index % counters.length] as (typeof counters)[number];
          const [error] = await callbackOf(store, 'update', counter.id, addOne);
          if (error) counter.failed += 1;
          else counter.succeeded += 1;
        }
      };
      const workers = stores.flatMap((store, number) =>
        counters.map((_, index) => worker(store, index + number * 13)),
      );
      await Promise.all(workers);
      trial.proxy.setLoss(0);
      const did = `${10_000 - left} updates of 40 counters from three stores, a tenth of the messages lost`;
      for (const { id, succeeded, failed } of counters) {
        const count = (await get(first, id))?.count;
        // An update that failed says that nobody knows whether it took effect.
        const exact = count >= succeeded && count <= succeeded + failed;
        const expected = failed === 0 ? `${succeeded}` : `${succeeded} to ${succeeded + failed}`;
        expectThat(exact, `${did}: a counter`, expected, count);
      }
      const failures = counters.reduce((sum, { failed }) => sum + failed, 0);
      const few = failures <= (10_000 - left) / 20;
      expectThat(few, `${did}: updates that failed`, 'at most one in twenty', failures);
    },
  },
];
