import { get } from '../calls.js';
import type { Check } from '../check.js';
import { expectEqual, expectThat } from '../expectations.js';
import { cookieChecks } from './express-cookie.js';
import { optionChecks } from './express-options.js';

const area = 'express';

const sessionChecks: readonly Check[] = [
  {
    id: 'express/kept',
    title: 'what a request puts into the session, the next one finds there',
    area,
    level: 'required',
    needs: [],
    async run(trial) {
      const browser = (await trial.startApplication()).client();
      await browser.post('/login', { user: 'ada' });
      await browser.post('/write', { key: 'cart', value: ['tea'] });
      const { data } = (await browser.get('/session')).body;
      expectEqual('logged in, filled the cart, came again', data, { user: 'ada', cart: ['tea'] });
    },
  },
  {
    id: 'express/apart',
    title: 'two browsers have two sessions',
    area,
    level: 'required',
    needs: [],
    async run(trial) {
      const app = await trial.startApplication();
      const [ada, eve] = [app.client(), app.client()];
      await Promise.all([ada.post('/login', { user: 'ada' }), eve.post('/login', { user: 'eve' })]);
      expectEqual('both logged in: who ada is', (await ada.get('/session')).body.data.user, 'ada');
      expectEqual('both logged in: who eve is', (await eve.get('/session')).body.data.user, 'eve');
    },
  },
  {
    id: 'express/parallel-reads',
    title: 'fifty requests at once all see the session',
    area,
    level: 'required',
    needs: [],
    async run(trial) {
      const browser = (await trial.startApplication()).client();
      await browser.post('/login', { user: 'ada' });
      const replies = await Promise.all(Array.from({ length: 50 }, () => browser.clone().get('/session')));
      const users = new Set(replies.map((reply) => reply.body.data?.user));
      expectEqual('logged in, came fifty times at once: the users seen', users, new Set(['ada']));
    },
  },
  {
    id: 'express/reload',
    title: 'reload shows what another request has saved meanwhile',
    area,
    level: 'required',
    needs: [],
    async run(trial) {
      const app = await trial.startApplication({
        routes(application, gates) {
          application.post('/wait-and-reload', (request, response) => {
            const before = { ...request.session };
            gates
              .get('loaded')
              .pass()
              .then(() =>
                request.session.reload((error) => {
                  const seen = [before, request.session].map(
                    (session) => (session as { step?: number }).step,
                  );
                  response.status(error ? 503 : 200).json(seen);
                }),
              );
          });
        },
      });
      const browser = app.client();
      await browser.post('/write', { key: 'step', value: 1 });
      const reloading = browser.clone().post('/wait-and-reload');
      await app.gate('loaded').arrived();
      await browser.post('/write', { key: 'step', value: 2 });
      app.gate('loaded').open();
      expectEqual(
        'loaded, another request saved, reloaded: before and after',
        (await reloading).body,
        [1, 2],
      );
    },
  },
  {
    id: 'express/reload-gone',
    title: 'reload of a session that is gone is an error',
    area,
    level: 'required',
    needs: [],
    async run(trial) {
      const app = await trial.startApplication({
        routes(application, gates) {
          application.post('/wait-and-reload', (request, response) => {
            const reload = () => request.session.reload((error) => response.json(error instanceof Error));
            gates.get('loaded').pass().then(reload);
          });
        },
      });
      const browser = app.client();
      await browser.post('/login', { user: 'ada' });
      const reloading = browser.clone().post('/wait-and-reload');
      await app.gate('loaded').arrived();
      await browser.post('/logout');
      app.gate('loaded').open();
      expectEqual('loaded, logged out elsewhere, reloaded: an Error', (await reloading).body, true);
    },
  },
  {
    id: 'express/regenerate',
    title: 'regenerate gives a new, empty session under a new id and ends the old one',
    area,
    level: 'required',
    needs: [],
    async run(trial) {
      const app = await trial.startApplication();
      const browser = app.client();
      const old = (await browser.post('/write', { key: 'cart', value: ['tea'] })).body.id;
      const oldCookie = browser.clone();
      const { body, status } = await browser.post('/regenerate', { user: 'ada' });
      expectEqual('regenerated: the status', status, 200);
      expectThat(body.id !== old, 'regenerated: the id', 'another id', 'the same id');
      const { data, id } = (await browser.get('/session')).body;
      expectEqual('regenerated, logged in, came again', [id, data], [body.id, { user: 'ada' }]);
      expectEqual('regenerated, got the old session', await get(app.store, old), undefined);
      expectEqual('came with the old cookie', (await oldCookie.get('/session')).body.data, {});
    },
  },
  {
    id: 'express/save',
    title: 'after req.session.save has called back, another request sees the change',
    area,
    level: 'required',
    needs: [],
    async run(trial) {
      const app = await trial.startApplication({
        routes(application, gates) {
          application.post('/save-and-stay', (request, response) => {
            (request.session as { step?: number }).step = 2;
            request.session.save(() =>
              gates
                .get('saved')
                .pass()
                .then(() => response.json({})),
            );
          });
        },
      });
      const browser = app.client();
      await browser.post('/write', { key: 'step', value: 1 });
      const staying = browser.clone().post('/save-and-stay');
      await app.gate('saved').arrived();
      const { step } = (await browser.get('/session')).body.data;
      app.gate('saved').open();
      await staying;
      expectEqual('saved in a request that goes on, read in another', step, 2);
    },
  },
];

export const expressChecks: readonly Check[] = [...sessionChecks, ...optionChecks, ...cookieChecks];
