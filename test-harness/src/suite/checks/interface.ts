import { callbackOf, dataOf, get, newSession, set, touch } from '../calls.js';
import { type Check, ThrownOnPurpose } from '../check.js';
import { expectEqual, expectThat } from '../expectations.js';
import { optionalMethodChecks } from './interface-optional.js';

const area = 'interface';

const methodChecks: readonly Check[] = [
  {
    id: 'interface/emitter',
    title: 'the store is an EventEmitter',
    area,
    level: 'required',
    needs: [],
    async run(trial) {
      const store = await trial.createStore();
      // By what it can do: the store's EventEmitter may be another copy.
      const emits = typeof store.on === 'function' && typeof store.emit === 'function';
      expectThat(emits, 'looked at the store', 'an EventEmitter', store.constructor?.name);
    },
  },
  {
    id: 'interface/methods',
    title: 'the store has get, set and destroy, and what express-session adds to them',
    area,
    level: 'required',
    needs: [],
    async run(trial) {
      const store = await trial.createStore();
      for (const method of ['get', 'set', 'destroy', 'createSession', 'regenerate', 'load'] as const) {
        expectEqual(`looked at the type of store.${method}`, typeof store[method], 'function');
      }
    },
  },
  {
    id: 'interface/set-get',
    title: 'a session that was set is what get answers',
    area,
    level: 'required',
    needs: [],
    async run(trial) {
      const store = await trial.createStore();
      await set(store, 'one', newSession({ user: 'ada' }, 60_000));
      await set(store, 'two', newSession({ user: 'eve' }, 60_000));
      expectEqual('set two sessions, got the first', (await get(store, 'one'))?.user, 'ada');
      expectEqual('set two sessions, got the second', (await get(store, 'two'))?.user, 'eve');
    },
  },
  {
    id: 'interface/get-missing',
    title: 'an id that was never set is answered without an error and without a session',
    area,
    level: 'required',
    needs: [],
    async run(trial) {
      const [error, session] = await callbackOf(await trial.createStore(), 'get', 'never');
      const none = !error || (error as { code?: unknown }).code === 'ENOENT';
      expectThat(none, 'got an id that was never set', 'no error, or one with the code ENOENT', error);
      expectThat(
        session === undefined || session === null,
        'got an id that was never set',
        'no session',
        session,
      );
    },
  },
  {
    id: 'interface/set-replaces',
    title: 'setting a session again replaces all of it',
    area,
    level: 'required',
    needs: [],
    async run(trial) {
      const store = await trial.createStore();
      await set(store, 'one', newSession({ user: 'ada', cart: ['tea'] }, 60_000));
      await set(store, 'one', newSession({ user: 'eve' }, 60_000));
      const data = dataOf(await get(store, 'one'));
      expectEqual('set { user, cart }, then { user } under the same id, then got it', data, { user: 'eve' });
    },
  },
  {
    id: 'interface/touch',
    title: 'touching a session succeeds and leaves its data alone',
    area,
    level: 'required',
    needs: ['touch'],
    async run(trial) {
      const store = await trial.createStore();
      const session = newSession({ user: 'ada' }, 60_000);
      await set(store, 'one', session);
      await touch(store, 'one', session);
      expectEqual('set, touched and got a session', (await get(store, 'one'))?.user, 'ada');
    },
  },
  {
    id: 'interface/later',
    title: 'no callback runs before the call that it was given to has returned',
    area,
    level: 'promise',
    needs: [],
    async run(trial) {
      const store = await trial.createStore();
      const calls = [
        ['set', newSession({}, 60_000)],
        ['get'],
        ['touch', newSession({}, 60_000)],
        ['destroy'],
      ] as const;
      for (const [method, ...args] of calls) {
        const call = (store as unknown as Record<string, (...args: unknown[]) => unknown>)[method];
        if (call === undefined) continue;
        let returned = false;
        await new Promise<void>((resolve, reject) => {
          call.call(store, 'one', ...args, () => {
            try {
              expectThat(
                returned,
                `called ${method}`,
                'the callback later',
                'the callback inside of the call',
              );
              resolve();
            } catch (failure) {
              reject(failure);
            }
          });
          returned = true;
        });
      }
    },
  },
  {
    id: 'interface/once',
    title: 'a callback that throws is not called a second time with its own error',
    area,
    level: 'promise',
    needs: [],
    async run(trial) {
      const store = await trial.createStore();
      await set(store, 'one', newSession({}, 60_000));
      for (const [method, ...args] of [['get'], ['set', newSession({}, 60_000)], ['destroy']] as const) {
        const call = (store as unknown as Record<string, (...args: unknown[]) => unknown>)[method];
        let calls = 0;
        await new Promise<void>((resolve) => {
          const callback = () => {
            calls += 1;
            resolve();
            throw new ThrownOnPurpose('the application has a defect');
          };
          const returned = call?.call(store, 'one', ...args, callback);
          if (returned instanceof Promise) returned.catch(() => {});
        });
        // A second call comes at once, if it comes: before the store has answered another question.
        await get(store, 'another');
        await new Promise((resolve) => setImmediate(resolve));
        expectEqual(`called ${method} with a callback that throws, counted its calls`, calls, 1);
      }
    },
  },
  {
    id: 'interface/promises',
    title: 'set, get and destroy return a promise to whoever awaits it',
    area,
    level: 'promise',
    needs: [],
    async run(trial) {
      const store = (await trial.createStore()) as unknown as Record<string, (...args: unknown[]) => unknown>;
      const isPromise = (value: unknown) => value instanceof Promise;
      const setting = store.set?.('one', newSession({ user: 'ada' }, 60_000));
      expectThat(isPromise(setting), 'called set without a callback', 'a promise', setting);
      await setting;
      const getting = store.get?.('one');
      expectThat(isPromise(getting), 'called get without a callback', 'a promise', getting);
      expectEqual('set and got a session by promises', ((await getting) as { user?: string })?.user, 'ada');
      const destroying = store.destroy?.('one');
      expectThat(isPromise(destroying), 'called destroy without a callback', 'a promise', destroying);
      await destroying;
      expectEqual('destroyed a session, got it', (await store.get?.('one')) ?? undefined, undefined);
    },
  },
];

export const interfaceChecks: readonly Check[] = [...methodChecks, ...optionalMethodChecks];
