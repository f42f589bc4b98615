import { get } from '../calls.js';
import type { Check } from '../check.js';
import { expectEqual, expectThat } from '../expectations.js';

const area = 'express';

/** What the options of express-session do. */
export const optionChecks: readonly Check[] = [
  {
    id: 'express/genid-again',
    title: 'a genid that repeats an id after a destroy starts a session of its own there',
    area,
    level: 'required',
    needs: [],
    async run(trial) {
      const app = await trial.startApplication({ session: { genid: () => 'always-the-same' } });
      const browser = app.client();
      for (const user of ['ada', 'eve', 'bob']) {
        await browser.post('/write', { key: 'user', value: user });
        await browser.post('/write', { key: user, value: true });
        const { data } = (await browser.get('/session')).body;
        expectEqual(`logged in as ${user} on an id that others had before`, data, { user, [user]: true });
        expectEqual(`logged out as ${user}: the status`, (await browser.post('/logout')).status, 200);
      }
    },
  },
  {
    id: 'express/unset-destroy',
    title: "with unset: 'destroy', req.session = null ends the session",
    area,
    level: 'required',
    needs: [],
    async run(trial) {
      const app = await trial.startApplication({ session: { unset: 'destroy' } });
      const browser = app.client();
      const { id } = (await browser.post('/login', { user: 'ada' })).body;
      await browser.post('/unset');
      expectEqual('set req.session to null, got the session', await get(app.store, id), undefined);
      expectEqual('set req.session to null, came again', (await browser.get('/session')).body.data, {});
    },
  },
  {
    id: 'express/unset-keep',
    title: "with unset: 'keep', req.session = null leaves the session as it is",
    area,
    level: 'required',
    needs: [],
    async run(trial) {
      const browser = (await trial.startApplication({ session: { unset: 'keep' } })).client();
      await browser.post('/login', { user: 'ada' });
      await browser.post('/unset');
      const { data } = (await browser.get('/session')).body;
      expectEqual('set req.session to null, came again', data, { user: 'ada' });
    },
  },
  {
    id: 'express/save-uninitialized',
    title: 'with saveUninitialized, a session with nothing in it is kept',
    area,
    level: 'required',
    needs: [],
    async run(trial) {
      const app = await trial.startApplication({ session: { saveUninitialized: true } });
      const browser = app.client();
      const { body, setCookie } = await browser.get('/session');
      expectThat(setCookie !== undefined, 'came for the first time', 'a cookie', 'none');
      expectThat((await get(app.store, body.id)) !== undefined, 'came, got the session', 'one', 'none');
      expectEqual('came again: the id', (await browser.get('/session')).body.id, body.id);
    },
  },
  {
    id: 'express/not-save-uninitialized',
    title: 'without saveUninitialized, a session with nothing in it is neither kept nor given a cookie',
    area,
    level: 'required',
    needs: [],
    async run(trial) {
      const app = await trial.startApplication();
      const { body, setCookie } = await app.client().get('/session');
      expectEqual('came and changed nothing: the cookie', setCookie, undefined);
      expectEqual(
        'came and changed nothing: the session in the store',
        await get(app.store, body.id),
        undefined,
      );
    },
  },
  {
    id: 'express/resave',
    title: 'with resave, requests that change nothing leave the session as it is',
    area,
    level: 'required',
    needs: [],
    async run(trial) {
      const browser = (await trial.startApplication({ session: { resave: true } })).client();
      await browser.post('/login', { user: 'ada' });
      for (let request = 0; request < 5; request += 1) await browser.get('/session');
      const { data } = (await browser.get('/session')).body;
      expectEqual('logged in, came six times', data, { user: 'ada' });
    },
  },
  {
    id: 'express/several-apps',
    title: 'several applications on one store share their logins and their logouts',
    area,
    level: 'required',
    needs: [],
    async run(trial) {
      const store = await trial.createStore();
      const first = await trial.startApplication({ store });
      const second = await trial.startApplication({ store, session: { rolling: true } });
      const browser = first.client();
      await browser.post('/login', { user: 'ada' });
      const there = second.client(browser.cookie);
      expectEqual('logged in here: who it is there', (await there.get('/session')).body.data.user, 'ada');
      await there.post('/logout');
      expectEqual('logged out there: the data here', (await browser.get('/session')).body.data, {});
    },
  },
];
