import { callbackOf, dataOf, get, newSession, set, touch } from '../calls.js';
import type { Check } from '../check.js';
import { expectEqual, expectThat } from '../expectations.js';
import { clockPast, ended } from '../waiting.js';

const area = 'expiry';

/** What a touch does, and what it must not do. */
export const touchChecks: readonly Check[] = [
  {
    id: 'expiry/touch-extends',
    title: 'a touched session lives as long as the touch says',
    area,
    level: 'required',
    needs: ['touch'],
    async run(trial) {
      const store = await trial.createStore();
      // More than a second, for stores that count in whole ones.
      const session = newSession({ user: 'ada' }, 1_500);
      const end = Number(session.cookie.expires);
      await set(store, 'one', session);
      session.cookie.maxAge = 60_000;
      await touch(store, 'one', session);
      await clockPast(end + 600);
      expectEqual('touched a session, got it after its first end', (await get(store, 'one'))?.user, 'ada');
    },
  },
  {
    id: 'expiry/touch-is-shown',
    title: 'after a touch, cookie.expires of the next get is the new expiry',
    area,
    level: 'promise',
    needs: ['touch'],
    async run(trial) {
      const store = await trial.createStore();
      const session = newSession({ user: 'ada' }, 60_000);
      await set(store, 'one', session);
      session.cookie.expires = new Date(Date.now() + 120_000);
      await touch(store, 'one', session);
      const shown = new Date((await get(store, 'one'))?.cookie.expires as Date | string).getTime();
      // A store may count the lifetime anew from when the touch arrives.
      const near = Math.abs(shown - Number(session.cookie.expires)) < 1_000;
      expectThat(
        near,
        'touched a session with another expiry, got it',
        `${session.cookie.expires}`,
        new Date(shown),
      );
    },
  },
  {
    id: 'expiry/touch-writes-no-data',
    title: 'a touch never writes data',
    area,
    level: 'promise',
    needs: ['touch'],
    async run(trial) {
      const store = await trial.createStore();
      await set(store, 'one', newSession({ user: 'ada' }, 60_000));
      await touch(store, 'one', newSession({ user: 'eve', cart: ['tea'] }, 120_000));
      const data = dataOf(await get(store, 'one'));
      expectEqual('touched a session with an object of other data, got it', data, { user: 'ada' });
    },
  },
  {
    id: 'expiry/touch-creates-nothing',
    title: 'touching a session that is not there creates none',
    area,
    level: 'promise',
    needs: ['touch'],
    async run(trial) {
      const store = await trial.createStore();
      const [error] = await callbackOf(store, 'touch', 'never', newSession({ user: 'ada' }, 60_000));
      expectThat(!error, 'touched an id that was never set', 'no error', error);
      expectEqual('touched an id that was never set, got it', await get(store, 'never'), undefined);
    },
  },
  {
    id: 'expiry/touch-too-late',
    title: 'touching a session that has expired does not bring it back',
    area,
    level: 'promise',
    needs: ['touch'],
    async run(trial) {
      const store = await trial.createStore();
      // The time in which the first call connects is not the session's.
      await get(store, 'one');
      const session = newSession({ user: 'ada' }, 250);
      await set(store, 'one', session);
      await ended(session.cookie.expires);
      session.cookie.maxAge = 60_000;
      // Whether that is an error is another question.
      await callbackOf(store, 'touch', 'one', session);
      expectEqual('touched a session after its end, got it', await get(store, 'one'), undefined);
    },
  },
];
