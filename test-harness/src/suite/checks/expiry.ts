import { all, callbackOf, dataOf, errorOf, get, ids, length, listed, newSession, set } from '../calls.js';
import type { Check } from '../check.js';
import { expectEqual, expectThat } from '../expectations.js';
import type { Trial } from '../trial.js';
import { clockPast, ended } from '../waiting.js';
import { requestExpiryChecks } from './expiry-in-request.js';
import { touchChecks } from './expiry-touch.js';

const area = 'expiry';
const day = 86_400_000;

/** Ms by which the end of a session can be shown wrongly by two clocks that both count in whole ones. */
const ROUNDING = 2;

function unlisted(
  method: 'all' | 'ids' | 'length',
  title: string,
  look: (store: never) => Promise<unknown>,
  left: (trial: Trial) => unknown,
): Check {
  return {
    id: `expiry/not-in-${method}`,
    title,
    area,
    level: 'promise',
    needs: [method],
    async run(trial) {
      const store = await trial.createStore();
      await set(store, 'lasting', newSession({}, 60_000));
      const expiring = newSession({}, 400);
      await set(store, 'expiring', expiring);
      await ended(expiring.cookie.expires);
      expectEqual(
        'set a lasting and an expiring session, waited until the one was over',
        await look(store as never),
        left(trial),
      );
    },
  };
}

const timeChecks: readonly Check[] = [
  {
    id: 'expiry/to-the-millisecond',
    title: 'a session is there until the millisecond that its cookie.expires shows, and gone from then on',
    area,
    level: 'promise',
    needs: [],
    async run(trial) {
      const store = await trial.createStore();
      // The time in which the first call connects is not the session's.
      await get(store, 'one');
      await set(store, 'one', newSession({ user: 'ada' }, 700));
      // What the store says itself: one whose server keeps the time counts from when the server has heard of the session.
      const end = new Date((await get(store, 'one'))?.cookie.expires as Date | string).getTime();
      // The last question is asked after the end, however long the one before took.
      for (let asked = 0; asked < end + 20; ) {
        asked = Date.now();
        const there = (await get(store, 'one')) !== undefined;
        const answered = Date.now();
        if (answered < end - ROUNDING)
          expectThat(there, `got a session ${end - answered} ms before its end`, 'the session', 'none');
        if (asked >= end + ROUNDING)
          expectThat(!there, `got a session ${asked - end} ms after its end`, 'none', 'the session');
      }
    },
  },
  {
    id: 'expiry/not-returned',
    title: 'an expired session is not returned, however short it lived',
    area,
    level: 'promise',
    needs: [],
    async run(trial) {
      const store = await trial.createStore();
      await get(store, 'one');
      for (const maxAge of [1, 20, 250]) {
        const session = newSession({}, maxAge);
        // One of a millisecond may be over before it is set, which is nothing that went wrong either.
        await callbackOf(store, 'set', `of ${maxAge} ms`, session);
        await ended(session.cookie.expires);
        const came = await get(store, `of ${maxAge} ms`);
        expectEqual(`set a session of ${maxAge} ms, got it after that time`, came, undefined);
      }
    },
  },
  unlisted(
    'all',
    'an expired session is not among all',
    async (store) => (await all(store)).length,
    () => 1,
  ),
  unlisted('ids', 'an expired session is not among the ids', ids, (trial) => listed(trial, 'lasting')),
  unlisted('length', 'an expired session is not counted', length, () => 1),
  {
    id: 'expiry/long',
    title: 'a session of ten years does not end at once',
    area,
    level: 'required',
    needs: [],
    async run(trial) {
      const store = await trial.createStore();
      await set(store, 'one', newSession({ user: 'ada' }, 3_650 * day));
      // A timer of more than 24.8 days would fire within a millisecond.
      await clockPast(Date.now() + 50);
      expectEqual('set a session of ten years, got it', (await get(store, 'one'))?.user, 'ada');
    },
  },
  {
    id: 'expiry/again',
    title: 'an id whose session has expired can be used again',
    area,
    level: 'promise',
    needs: [],
    async run(trial) {
      const store = await trial.createStore();
      // The first call connects, and the session must not expire meanwhile.
      await get(store, 'one');
      const session = newSession({ user: 'ada', cart: ['tea'] }, 400);
      await set(store, 'one', session);
      await ended(session.cookie.expires);
      await set(store, 'one', newSession({ user: 'eve' }, 60_000));
      const data = dataOf(await get(store, 'one'));
      expectEqual('set a session under the id of one that has expired', data, { user: 'eve' });
    },
  },
  {
    id: 'expiry/invalid-date',
    title: 'a cookie whose expiry is no valid date is an error with a code, by callback',
    area,
    level: 'promise',
    needs: [],
    async run(trial) {
      const store = await trial.createStore();
      for (const expires of [new Date(Number.NaN), 'the day after tomorrow', {}]) {
        const session = {
          user: 'ada',
          cookie: { path: '/', httpOnly: true, originalMaxAge: 60_000, expires },
        };
        const { code } = await errorOf(store, 'set', 'one', session);
        expectThat(
          typeof code === 'string',
          `set a session that expires ${expires}`,
          'an error with a code',
          code,
        );
      }
    },
  },
];

export const expiryChecks: readonly Check[] = [...timeChecks, ...touchChecks, ...requestExpiryChecks];
