import { setTimeout as delay } from 'node:timers/promises';
import type { Check } from '../check.js';
import { expectEqual } from '../expectations.js';
import { until } from '../waiting.js';

/** Ms that a store has, after a request has met the outage, to tell express-session of it. */
const untilSignalled = 2_000;

/** What an outage makes of express-session, which asks no store that has emitted `disconnect` until it emits `connect`. */
export const signalChecks: readonly Check[] = [
  {
    id: 'failure/application-works-again',
    title:
      'after an outage an application has its sessions again, although no request reaches its store meanwhile',
    area: 'failure',
    level: 'promise',
    needs: ['network'],
    timeout: 90_000,
    async run(trial) {
      const app = await trial.startApplication();
      const browser = app.client();
      const login = await browser.post('/login', { user: 'ada' });
      const did = 'logged in, came while the server refused connections, mended the network';
      expectEqual('logged in: the status', login.status, 200);
      const { cookie } = browser;
      await trial.proxy.setMode('refuse');
      await browser.get('/session');
      // A store that signals says so after a while; that it may do so is all that is waited for.
      await delay(untilSignalled);
      await trial.proxy.setMode('pass');
      const isBack = async () => {
        const { status, body } = await app.client(cookie).get('/session');
        return status === 200 && body.data?.user === 'ada';
      };
      await until(`${did}, came again and again`, 'the session', isBack, 20_000);
    },
  },
];
