import type { FaultMode } from '../../faults/fault-proxy.js';
import { get, newSession, set } from '../calls.js';
import type { Check } from '../check.js';
import { destroyAtLast } from '../direct-request.js';
import { expectEqual, expectThat } from '../expectations.js';
import { mend, storeInOutage } from '../outage.js';
import { until } from '../waiting.js';
import { answerLimit, WatchedCall } from '../watched-call.js';

const area = 'failure';

function destroyWithoutCallback(mode: FaultMode, what: string): Check {
  return {
    id: `failure/destroy-without-callback-${mode}`,
    title: `a destroy without a callback neither throws nor ends the process when the server ${what}`,
    area,
    level: 'promise',
    needs: ['network'],
    timeout: 60_000,
    async run(trial) {
      const store = await storeInOutage(trial, mode);
      const did = `destroyed a session without a callback while the server ${what}`;
      try {
        store.destroy('one');
      } catch (error) {
        expectThat(false, did, 'nothing thrown', error);
      }
      // The same with a callback, to know when the store has given it up. What was let go uncaught by then fails the check.
      await new WatchedCall(store, 'destroy', 'two').within(answerLimit(trial.supports), did);
      await mend(trial, store);
    },
  };
}

function worksAgain(id: string, title: string, modes: readonly FaultMode[]): Check {
  return {
    id,
    title,
    area,
    level: 'promise',
    needs: ['network'],
    timeout: 90_000,
    async run(trial) {
      const store = await storeInOutage(trial, 'pass');
      for (const mode of modes) {
        await trial.proxy.setMode(mode);
        const did = `network: ${mode}, then mended; used the same store`;
        // It meets the outage at least once.
        await new WatchedCall(store, 'get', 'one').within(answerLimit(trial.supports), did);
        await mend(trial, store);
        expectEqual(`${did}: got a session`, (await get(store, 'one'))?.user, 'ada');
        await set(store, mode, newSession({ user: 'eve' }, 600_000));
        expectEqual(`${did}: set and got a session`, (await get(store, mode))?.user, 'eve');
        await destroyAtLast(store, mode, did);
        expectEqual(`${did}: destroyed and got a session`, await get(store, mode), undefined);
      }
    },
  };
}

/** What an outage must not do, and how it ends. */
export const outageChecks: readonly Check[] = [
  destroyWithoutCallback('refuse', 'refuses connections'),
  destroyWithoutCallback('hang', 'hangs'),
  worksAgain('failure/works-again', 'after an outage the same store object works again', ['refuse', 'reset']),
  worksAgain(
    'failure/works-again-after-hang',
    'after the server has hung the same store object works again',
    ['hang'],
  ),
  {
    id: 'failure/silenced-connections',
    title: 'when the existing connections stay silent for good and new ones work, the store works again',
    area,
    level: 'promise',
    needs: ['network'],
    timeout: 90_000,
    async run(trial) {
      const store = await storeInOutage(trial, 'silence');
      const did = 'silenced the existing connections for good, got a session again and again';
      const works = async () => {
        const call = new WatchedCall(store, 'get', 'one');
        const { error, result } = await call.within(answerLimit(trial.supports), did);
        return !error && (result as { user?: unknown } | undefined)?.user === 'ada';
      };
      await until(did, 'the session', works, 30_000);
      await set(store, 'new', newSession({ user: 'eve' }, 600_000));
      expectEqual(`${did}, set and got another`, (await get(store, 'new'))?.user, 'eve');
    },
  },
  {
    id: 'failure/no-stranger',
    title: 'a user who comes in an outage gets an error, and no new session in place of his own',
    area,
    level: 'promise',
    needs: ['network'],
    timeout: 90_000,
    async run(trial) {
      const app = await trial.startApplication();
      const browser = app.client();
      await browser.post('/login', { user: 'ada' });
      const { cookie } = browser;
      await trial.proxy.setMode('refuse');
      const { status, setCookie } = await browser.post('/write', { key: 'cart', value: ['tea'] });
      const did = 'logged in, came again while the server refused connections';
      expectThat(status >= 500, `${did}: the status`, '5xx', status);
      expectEqual(`${did}: the new session cookie`, setCookie, undefined);
      await mend(trial, app.store);
      const { body } = await app.client(cookie).get('/session');
      expectEqual(`${did}, came again after the outage: the data`, body.data, { user: 'ada' });
    },
  },
];
