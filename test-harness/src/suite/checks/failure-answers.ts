import { setTimeout as delay } from 'node:timers/promises';
import type { Store } from 'express-session';
import type { FaultMode } from '../../faults/fault-proxy.js';
import { newSession } from '../calls.js';
import { type Check, ThrownOnPurpose } from '../check.js';
import { expectEqual, expectThat } from '../expectations.js';
import { mend, storeInOutage } from '../outage.js';
import type { Trial } from '../trial.js';
import { type Answer, answerLimit, WatchedCall } from '../watched-call.js';

const area = 'failure';

/** Every method of the interface, with arguments, of which the store may lack the optional ones. */
const methods: Readonly<Record<string, () => unknown[]>> = {
  get: () => ['one'],
  set: () => ['two', newSession({ user: 'eve' }, 600_000)],
  touch: () => ['three', newSession({ user: 'ada' }, 600_000)],
  destroy: () => ['four'],
  all: () => [],
  ids: () => [],
  length: () => [],
  clear: () => [],
};

/** Calls every method that the store has. */
function callAll(store: Store): WatchedCall[] {
  return Object.entries(methods)
    .filter(([method]) => typeof (store as unknown as Record<string, unknown>)[method] === 'function')
    .map(([method, args]) => new WatchedCall(store, method, ...args()));
}

function allAnswers(calls: readonly WatchedCall[], trial: Trial, did: string): Promise<Answer[]> {
  return Promise.all(calls.map((call) => call.within(answerLimit(trial.supports), did)));
}

function answered(mode: FaultMode, what: string): Check {
  return {
    id: `failure/answered-${mode.toLowerCase()}`,
    title: `when the server ${what}, every method calls back exactly once, later and in time`,
    area,
    level: 'promise',
    needs: ['network'],
    timeout: 90_000,
    async run(trial) {
      const store = await storeInOutage(trial, mode);
      const did = `called every method while the server ${what}`;
      const calls = callAll(store);
      // Once more when the driver has had time to notice: then it may have its answer at hand, and give it too early.
      await delay(100);
      calls.push(...callAll(store));
      await allAnswers(calls, trial, did);
      // What a driver still has in its queue is answered when the network is back: a second call would come by then.
      await mend(trial, store);
      for (const call of calls) {
        expectEqual(`${did}: how often ${call.method} called back`, call.calls, 1);
        expectThat(
          !call.early,
          `${did}: ${call.method}`,
          'the callback after the call has returned',
          'before',
        );
      }
    },
  };
}

function getIsAnError(mode: FaultMode, what: string): Check {
  return {
    id: `failure/get-is-an-error-${mode}`,
    title: `when the server ${what}, get is an error and never "no session"`,
    area,
    level: 'promise',
    needs: ['network'],
    timeout: 60_000,
    async run(trial) {
      const store = await storeInOutage(trial, mode);
      const call = new WatchedCall(store, 'get', 'one');
      const did = `got a session while the server ${what}`;
      const { error, result } = await call.within(answerLimit(trial.supports), did);
      expectThat(error instanceof Error, did, 'an Error', error ?? result);
      const { code } = error as Error & { code?: unknown };
      expectThat(code !== 'ENOENT', did, 'no ENOENT, which express-session reads as "no session"', error);
    },
  };
}

/** What every call gets to hear, whatever the network does. */
export const answeredChecks: readonly Check[] = [
  answered('refuse', 'refuses connections'),
  answered('reset', 'resets connections'),
  answered('hang', 'hangs'),
  answered('silence', 'never answers on the connections that exist'),
  answered('cutReplies', 'is cut off before its replies arrive'),
  getIsAnError('refuse', 'refuses connections'),
  getIsAnError('hang', 'hangs'),
  {
    id: 'failure/no-enoent',
    title: 'no error of an outage has the code ENOENT, which express-session reads as "no session"',
    area,
    level: 'promise',
    needs: ['network'],
    timeout: 60_000,
    async run(trial) {
      const store = await storeInOutage(trial, 'refuse');
      const did = 'called every method while the server refused connections';
      const calls = callAll(store);
      for (const [index, { error }] of (await allAnswers(calls, trial, did)).entries()) {
        const { code } = (error ?? {}) as { code?: unknown };
        expectThat(code !== 'ENOENT', `${did}: ${calls[index]?.method}`, 'another code', error);
      }
    },
  },
  {
    id: 'failure/touch-answers',
    title: 'a touch that fails calls back with an error',
    area,
    level: 'promise',
    needs: ['network', 'touch'],
    timeout: 60_000,
    async run(trial) {
      const store = await storeInOutage(trial, 'refuse');
      const call = new WatchedCall(store, 'touch', 'one', newSession({ user: 'ada' }, 600_000));
      const did = 'touched a session while the server refused connections';
      const { error } = await call.within(answerLimit(trial.supports), did);
      expectThat(error instanceof Error, did, 'an Error', error);
    },
  },
  {
    id: 'failure/once',
    title: 'in an outage, a callback that throws is not called a second time with its own error',
    area,
    level: 'promise',
    needs: ['network'],
    timeout: 90_000,
    async run(trial) {
      const store = await storeInOutage(trial, 'refuse');
      const called: string[] = [];
      const answers = ['get', 'set', 'destroy'].map((method) => {
        const { promise, resolve } = Promise.withResolvers<void>();
        const call = (store as unknown as Record<string, (...args: unknown[]) => unknown>)[method];
        const returned = call?.call(store, ...(methods[method]?.() ?? []), () => {
          called.push(method);
          resolve();
          throw new ThrownOnPurpose('the application has a defect');
        });
        if (returned instanceof Promise) returned.catch(() => {});
        return promise;
      });
      await Promise.all(answers);
      await mend(trial, store);
      const did = 'called get, set and destroy in an outage with callbacks that throw: the calls';
      expectEqual(did, called.sort(), ['destroy', 'get', 'set']);
    },
  },
  {
    id: 'failure/promises-agree',
    title: 'where a method returns a promise as well, it settles as the callback was told',
    area,
    level: 'promise',
    needs: ['network'],
    timeout: 90_000,
    async run(trial) {
      const store = await storeInOutage(trial, 'pass');
      for (const mode of ['pass', 'refuse'] as const) {
        await trial.proxy.setMode(mode);
        const did = `called every method, network: ${mode}`;
        const calls = callAll(store);
        const answers = await allAnswers(calls, trial, did);
        for (const [index, { method, returned }] of calls.entries()) {
          if (!(returned instanceof Promise)) continue;
          const promised = await returned.then(
            () => 'success',
            () => 'failure',
          );
          const toldOf = answers[index]?.error ? 'failure' : 'success';
          expectThat(promised === toldOf, `${did}: the promise of ${method}`, toldOf, promised);
        }
      }
    },
  },
];
