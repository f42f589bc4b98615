import { destroy, get, newSession, set } from '../calls.js';
import type { Check } from '../check.js';
import { dataOf } from '../direct-request.js';
import { expectEqual } from '../expectations.js';

const area = 'concurrency';

/** Calls on one id of one store that do not wait for each other. */
export const orderChecks: readonly Check[] = [
  {
    id: 'concurrency/order-of-sets',
    title: 'of calls on one id that do not wait for each other, a get sees the last set before it',
    area,
    level: 'promise',
    needs: [],
    async run(trial) {
      const store = await trial.createStore();
      const running: Promise<unknown>[] = [];
      const seen: Promise<unknown>[] = [];
      for (let step = 0; step < 50; step += 1) {
        running.push(set(store, 'one', newSession({ step }, 60_000)));
        seen.push(get(store, 'one').then((session) => session?.step));
      }
      await Promise.all(running);
      const expected = Array.from({ length: 50 }, (_, step) => step);
      expectEqual('fifty times set and got a session without waiting', await Promise.all(seen), expected);
    },
  },
  {
    id: 'concurrency/order-of-destroys',
    title:
      'of calls on one id that do not wait for each other, the last one decides whether the session lives',
    area,
    level: 'promise',
    needs: [],
    async run(trial) {
      const store = await trial.createStore();
      const ids = Array.from({ length: 50 }, (_, index) => `session ${index}`);
      await Promise.all(
        ids.flatMap((id) => [
          set(store, `dies ${id}`, newSession({ id }, 60_000)),
          destroy(store, `dies ${id}`),
          set(store, `lives ${id}`, newSession({ id: 'before' }, 60_000)),
          destroy(store, `lives ${id}`),
          set(store, `lives ${id}`, newSession({ id }, 60_000)),
        ]),
      );
      for (const id of ids) {
        const died = dataOf(await get(store, `dies ${id}`));
        expectEqual('set, destroyed without waiting, got it', died, undefined);
        const lives = dataOf(await get(store, `lives ${id}`));
        expectEqual('set, destroyed, set without waiting, got it', lives, { id });
      }
    },
  },
];
