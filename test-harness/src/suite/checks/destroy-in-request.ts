import { get } from '../calls.js';
import type { Check } from '../check.js';
import { expectEqual, expectThat } from '../expectations.js';
import { sessionOf } from '../routes.js';
import { until } from '../waiting.js';

const area = 'destroy';

/** What express-session's users have always been told of `req.session.destroy`, in an application of theirs. */
export const destroyInRequestChecks: readonly Check[] = [
  {
    id: 'destroy/logout-ends-the-data',
    title: 'after req.session.destroy has called back, the store has no session of that id',
    area,
    level: 'required',
    needs: [],
    async run(trial) {
      const app = await trial.startApplication();
      const browser = app.client();
      const { id } = (await browser.post('/login', { user: 'ada' })).body;
      expectEqual('logged in, got the session from the store', (await get(app.store, id))?.user, 'ada');
      expectEqual('logged out, looked at the status', (await browser.post('/logout')).status, 200);
      expectEqual('logged out, got the session from the store', await get(app.store, id), undefined);
    },
  },
  {
    id: 'destroy/no-session-in-callback',
    title: 'inside the callback of req.session.destroy there is no req.session',
    area,
    level: 'required',
    needs: [],
    async run(trial) {
      const browser = (await trial.startApplication()).client();
      await browser.post('/login', { user: 'ada' });
      const { without } = (await browser.post('/logout')).body;
      expectEqual('looked for req.session inside the callback: it is gone', without, true);
    },
  },
  {
    id: 'destroy/new-session',
    title: 'the next request with the old cookie gets a new, empty session under a new id',
    area,
    level: 'required',
    needs: [],
    async run(trial) {
      const browser = (await trial.startApplication()).client();
      const { id } = (await browser.post('/login', { user: 'ada' })).body;
      const old = browser.clone();
      await browser.post('/logout');
      const { body } = await old.get('/session');
      expectEqual('logged out, came again with the old cookie: its data', body.data, {});
      expectThat(
        body.id !== id,
        'logged out, came again with the old cookie: its id',
        'another id',
        'the same id',
      );
    },
  },
  {
    id: 'destroy/genid-decides',
    title: 'with a genid that answers the same id again, the next session has that id and is empty',
    area,
    level: 'required',
    needs: [],
    async run(trial) {
      const app = await trial.startApplication({ session: { genid: () => 'always-the-same' } });
      const browser = app.client();
      await browser.post('/login', { user: 'ada' });
      await browser.post('/logout');
      const { body } = await browser.get('/session');
      const seen = [body.id, body.data];
      expectEqual('logged out, came again: id and data', seen, ['always-the-same', {}]);
    },
  },
  {
    id: 'destroy/idle-timeout',
    title: 'an idle-timeout middleware may destroy without a callback and redirect at once',
    area,
    level: 'required',
    needs: [],
    async run(trial) {
      const idleLimit = 60_000;
      const app = await trial.startApplication({
        routes(application) {
          application.get('/page', (request, response) => {
            const lastSeen = sessionOf(request).lastSeen as number;
            if (Date.now() - lastSeen <= idleLimit) return response.json({ user: sessionOf(request).user });
            (request.session.destroy as unknown as () => void)();
            return response.redirect('/login-form');
          });
        },
      });
      const browser = app.client();
      const { id } = (await browser.post('/login', { user: 'ada' })).body;
      await browser.post('/write', { key: 'lastSeen', value: Date.now() });
      expectEqual('came within the time: the user', (await browser.get('/page')).body.user, 'ada');
      await browser.post('/write', { key: 'lastSeen', value: Date.now() - 2 * idleLimit });
      expectEqual('came too late: the status', (await browser.get('/page')).status, 302);
      const gone = async () => (await get(app.store, id)) === undefined;
      await until('the middleware destroyed the session', 'the session gone', gone);
      expectEqual('came again: the data', (await browser.get('/session')).body.data, {});
    },
  },
  {
    id: 'destroy/application-can-tell',
    title: 'when the store cannot destroy, the application can tell and answers 5xx',
    area,
    level: 'required',
    needs: ['network'],
    timeout: 60_000,
    async run(trial) {
      const app = await trial.startApplication();
      const browser = app.client();
      await browser.post('/login', { user: 'ada' });
      const logout = browser.post('/slow/logout', { gate: 'loaded' });
      await app.gate('loaded').arrived();
      await trial.proxy.setMode('refuse');
      app.gate('loaded').open();
      const { status } = await logout;
      expectThat(
        status >= 500,
        'cut the network with the session loaded, logged out: the status',
        '5xx',
        status,
      );
    },
  },
  {
    id: 'destroy/second-try',
    title: 'a logout that failed in an outage succeeds when it is tried again after it',
    area,
    level: 'required',
    needs: ['network'],
    timeout: 90_000,
    async run(trial) {
      const app = await trial.startApplication();
      const browser = app.client();
      const { id } = (await browser.post('/login', { user: 'ada' })).body;
      const logout = browser.post('/slow/logout', { gate: 'loaded' });
      await app.gate('loaded').arrived();
      await trial.proxy.setMode('refuse');
      app.gate('loaded').open();
      await logout;
      await trial.proxy.setMode('pass');
      // A driver needs its time to notice that the server is back, and answers with errors until then.
      const again = async () => (await browser.post('/logout')).status === 200;
      await until('mended the network, logged out again', 'status 200', again, 20_000);
      expectEqual('logged out again, got the session', await get(app.store, id), undefined);
      expectEqual(
        'logged out again, came with the old cookie: the data',
        (await browser.get('/session')).body.data,
        {},
      );
    },
  },
];
