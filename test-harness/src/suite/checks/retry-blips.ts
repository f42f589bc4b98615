import { setTimeout as delay } from 'node:timers/promises';
import type { Store } from 'express-session';
import type { FaultMode } from '../../faults/fault-proxy.js';
import { get, newSession, set } from '../calls.js';
import { type Check, NotApplicable } from '../check.js';
import { expectEqual, expectThat } from '../expectations.js';
import type { Trial } from '../trial.js';
import { ended } from '../waiting.js';
import { WatchedCall } from '../watched-call.js';

const area = 'retry';

/** Ms within which a retrying store answers: its limit of 15 s, and 3 s for a busy machine. */
export const retryingLimit = 18_000;

async function retryingStore(trial: Trial): Promise<Store> {
  const store = await trial.createRetryingStore();
  for (const id of ['one', 'two', 'three']) await set(store, id, newSession({ user: 'ada' }, 600_000));
  return store;
}

/** Makes the calls in an outage that ends after so many ms, and resolves when each has answered. */
async function inOutage(
  trial: Trial,
  mode: FaultMode,
  length: number,
  calls: () => WatchedCall[],
  did: string,
) {
  await trial.proxy.setMode(mode);
  const running = calls();
  // The outage itself lasts so long: no race is hidden by it.
  await delay(length);
  if (mode !== 'silence') await trial.proxy.setMode('pass');
  return Promise.all(running.map(async (call) => ({ call, ...(await call.within(retryingLimit, did)) })));
}

/** An outage that a destroy survives. */
function destroySurvives(id: string, title: string, mode: FaultMode, length: number): Check {
  return {
    id,
    title,
    area,
    level: 'promise',
    needs: ['network'],
    timeout: 60_000,
    async run(trial) {
      const store = await retryingStore(trial);
      const did = `destroyed a session, network for ${length} ms: ${mode}`;
      const destroy = () => [new WatchedCall(store, 'destroy', 'one')];
      for (const { call, error } of await inOutage(trial, mode, length, destroy, did)) {
        expectThat(!error, did, 'success', error);
        expectEqual(`${did}, got it`, await get(store, 'one'), undefined);
        expectEqual(`${did}: how often it called back`, call.calls, 1);
      }
      expectEqual(`${did}, got another`, (await get(store, 'two'))?.user, 'ada');
    },
  };
}

/** Outages that end before the store gives up. */
export const blipChecks: readonly Check[] = [
  destroySurvives(
    'retry/destroy-cut',
    'a destroy succeeds although the network is gone for 0.7 s',
    'refuse',
    700,
  ),
  destroySurvives(
    'retry/destroy-hung',
    'a destroy succeeds although the server hangs for 3 s',
    'hang',
    3_000,
  ),
  destroySurvives(
    'retry/destroy-reply-cut',
    'a destroy succeeds although the reply is cut off after the server did the work',
    'cutReplies',
    700,
  ),
  destroySurvives(
    'retry/destroy-silenced',
    'a destroy succeeds although the existing connections are silent for good and only new ones work',
    'silence',
    0,
  ),
  {
    id: 'retry/get-cut',
    title: 'a get during 0.7 s without a network is no error and finds the session',
    area,
    level: 'promise',
    needs: ['network'],
    timeout: 60_000,
    async run(trial) {
      const store = await retryingStore(trial);
      const did = 'got a session, no network for 700 ms';
      const gets = () => [new WatchedCall(store, 'get', 'one')];
      for (const { error, result } of await inOutage(trial, 'refuse', 700, gets, did)) {
        expectThat(!error, did, 'success', error);
        expectEqual(did, (result as { user?: unknown } | undefined)?.user, 'ada');
      }
    },
  },
  {
    id: 'retry/request-in-blip',
    title: 'a request that comes during 0.7 s without a network is answered as the user’s own',
    area,
    level: 'promise',
    needs: ['network'],
    timeout: 60_000,
    async run(trial) {
      const app = await trial.startApplication({ store: await trial.createRetryingStore() });
      const browser = app.client();
      await browser.post('/login', { user: 'ada' });
      await trial.proxy.setMode('refuse');
      const reply = browser.get('/session');
      await delay(700);
      await trial.proxy.setMode('pass');
      const { status, body } = await reply;
      const did = 'came again, no network for 700 ms';
      expectEqual(`${did}: the status`, status, 200);
      expectEqual(`${did}: the data`, body.data, { user: 'ada' });
    },
  },
  {
    id: 'retry/expiry',
    title: 'a session that could be saved only after 1.5 s without a network expires no later for that',
    area,
    level: 'promise',
    needs: ['network'],
    timeout: 60_000,
    async run(trial) {
      const store = await retryingStore(trial);
      // Longer than the outage and the pause between two attempts on a busy machine.
      const session = newSession({ user: 'eve' }, 6_000);
      const end = Number(session.cookie.expires);
      const did = 'set a session of 6 s, no network for the first 1.5 s';
      const sets = () => [new WatchedCall(store, 'set', 'four', session)];
      for (const { error } of await inOutage(trial, 'refuse', 1_500, sets, did)) {
        if (error && trial.supports.retries !== true) {
          throw new NotApplicable('a set that may have reached the server is not tried again');
        }
        expectThat(!error, did, 'success', error);
      }
      expectEqual(`${did}, got it`, (await get(store, 'four'))?.user, 'eve');
      await ended(end);
      expectEqual(`${did}, got it after its end`, await get(store, 'four'), undefined);
    },
  },
  {
    id: 'retry/exactly-once',
    title: 'calls that are retried call back exactly once, later and in time',
    area,
    level: 'promise',
    needs: ['network'],
    timeout: 90_000,
    async run(trial) {
      const store = await retryingStore(trial);
      const calls = () => [
        new WatchedCall(store, 'get', 'one'),
        new WatchedCall(store, 'set', 'two', newSession({ user: 'eve' }, 600_000)),
        new WatchedCall(store, 'destroy', 'three'),
        ...(store.touch === undefined
          ? []
          : [new WatchedCall(store, 'touch', 'one', newSession({ user: 'ada' }, 600_000))]),
      ];
      for (const mode of ['refuse', 'reset', 'cutReplies'] as const) {
        const did = `called get, set, destroy and touch, network for 700 ms: ${mode}`;
        const answers = await inOutage(trial, mode, 700, calls, did);
        // A second answer of the driver would be there when the store has answered another question.
        await new WatchedCall(store, 'get', 'another').within(retryingLimit, did);
        for (const { call, error } of answers) {
          expectEqual(`${did}: how often ${call.method} called back`, call.calls, 1);
          expectThat(!call.early, `${did}: ${call.method}`, 'the callback after the call returned', 'before');
          // A set may fail: whoever cannot tell whether it took effect must not repeat it.
          if (call.method !== 'set') expectThat(!error, `${did}: ${call.method}`, 'success', error);
        }
      }
    },
  },
  {
    id: 'retry/permanent',
    title: 'a failure that does not pass by itself is reported at once and not retried',
    area,
    level: 'promise',
    needs: ['corrupt'],
    async run(trial) {
      const store = await trial.createRetryingStore();
      await set(store, 'one', newSession({ user: 'ada' }, 600_000));
      await trial.supports.corrupt?.('one', trial.surroundings);
      let retries = 0;
      store.on('retry', () => {
        retries += 1;
      });
      const started = performance.now();
      const { error } = await new WatchedCall(store, 'get', 'one').within(
        retryingLimit,
        'got a corrupt record',
      );
      expectThat(error instanceof Error, 'got a corrupt record', 'an Error', error);
      expectEqual('got a corrupt record: retries that the store reported', retries, 0);
      // Retries to the end would take some 15 s.
      const took = Math.round(performance.now() - started);
      expectThat(took < 5_000, 'got a corrupt record', 'the error within 5,000 ms', `${took} ms`);
    },
  },
];
