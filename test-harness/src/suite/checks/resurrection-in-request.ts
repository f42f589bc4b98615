import type { SessionOptions } from 'express-session';
import type { TestApplication } from '../application.js';
import { get } from '../calls.js';
import type { Check } from '../check.js';
import type { Reply } from '../client.js';
import { dataOf } from '../direct-request.js';
import { expectEqual, expectThat } from '../expectations.js';
import { sessionOf } from '../routes.js';

const area = 'resurrection';

/** Fails the check if anybody is still logged in with this cookie. */
async function expectLoggedOut(
  app: TestApplication,
  cookie: string | undefined,
  id: string,
  did: string,
): Promise<void> {
  expectEqual(`${did}, got the session from the store`, dataOf(await get(app.store, id)), undefined);
  const { status, body } = await app.client(cookie).get('/session');
  expectEqual(`${did}, came again with the old cookie: the status`, status, 200);
  expectEqual(`${did}, came again with the old cookie: the data`, body.data, {});
}

/** Fails the check if a request that came too late to save its session was told of it. */
function expectNoError(app: TestApplication, reply: Reply, did: string): void {
  expectEqual(`${did}: the status of the slow request`, reply.status, 200);
  expectEqual(`${did}: the errors of the application`, app.errors, []);
}

/** A logout that is quicker than a request of the same user which has already loaded the session. */
function slowRequest(
  id: string,
  title: string,
  route: string,
  session: Partial<SessionOptions> = {},
  needs: Check['needs'] = [],
): Check {
  return {
    id,
    title,
    area,
    level: 'promise',
    needs,
    async run(trial) {
      const app = await trial.startApplication({ session: { cookie: { maxAge: 600_000 }, ...session } });
      const browser = app.client();
      const login = await browser.post('/login', { user: 'ada' });
      const { cookie } = browser;
      const slow = browser.clone().post(route, { gate: 'slow', key: 'cart', value: ['tea'] });
      await app.gate('slow').arrived();
      const did = `logged in, sent ${route}, logged out while it was running, let it end`;
      expectEqual(`${did}: the status of the logout`, (await browser.clone().post('/logout')).status, 200);
      app.gate('slow').open();
      const reply = await slow;
      await expectLoggedOut(app, cookie, login.body.id, did);
      expectNoError(app, reply, did);
    },
  };
}

/** Logouts through a real application, with requests of the same user on their way. */
export const requestResurrectionChecks: readonly Check[] = [
  slowRequest(
    'resurrection/slow-write',
    'a request that was running at the logout and changes the session does not bring it back',
    '/slow/write',
  ),
  slowRequest(
    'resurrection/slow-save',
    'a request that was running at the logout and saves by hand does not bring the session back',
    '/slow/save',
  ),
  slowRequest(
    'resurrection/resave',
    'with resave: true, a request that was running at the logout and changed nothing does not bring the session back',
    '/slow/read',
    { resave: true },
  ),
  slowRequest(
    'resurrection/rolling',
    'with rolling: true, a request that was running at the logout does not bring the session back',
    '/slow/read',
    { rolling: true },
  ),
  slowRequest(
    'resurrection/slow-touch',
    'the touch at the end of a request that was running at the logout does not bring the session back',
    '/slow/read',
    {},
    ['touch'],
  ),
  {
    id: 'resurrection/regenerate',
    title: 'a request that was running when the session was regenerated does not bring the old one back',
    area,
    level: 'promise',
    needs: [],
    async run(trial) {
      const app = await trial.startApplication();
      const browser = app.client();
      const login = await browser.post('/login', { user: 'ada' });
      const { cookie } = browser;
      const slow = browser.clone().post('/slow/write', { gate: 'slow', key: 'cart', value: ['tea'] });
      await app.gate('slow').arrived();
      const renewed = await browser.post('/regenerate', { user: 'eve' });
      app.gate('slow').open();
      const reply = await slow;
      const did = 'sent a slow request, regenerated the session while it was running, let it end';
      await expectLoggedOut(app, cookie, login.body.id, did);
      expectNoError(app, reply, did);
      const { body } = await browser.get('/session');
      expectEqual(`${did}: the id of the new session`, body.id, renewed.body.id);
      expectEqual(`${did}: the data of the new session`, body.data, { user: 'eve' });
    },
  },
  {
    id: 'resurrection/slow-regenerate',
    title: 'a request that was running at the logout and regenerates leaves the old session dead',
    area,
    level: 'promise',
    needs: [],
    async run(trial) {
      const app = await trial.startApplication();
      const browser = app.client();
      const login = await browser.post('/login', { user: 'ada' });
      const { cookie } = browser;
      const slow = browser.clone().post('/slow/regenerate', { gate: 'slow' });
      await app.gate('slow').arrived();
      await browser.clone().post('/logout');
      app.gate('slow').open();
      const reply = await slow;
      const did = 'logged out while a request was running that then regenerated';
      await expectLoggedOut(app, cookie, login.body.id, did);
      expectNoError(app, reply, did);
    },
  },
  {
    id: 'resurrection/save-in-flight',
    title: 'a request that saves its session and destroys it without waiting for the save has destroyed it',
    area,
    level: 'promise',
    needs: [],
    async run(trial) {
      const app = await trial.startApplication({
        routes(application) {
          application.post('/save-and-destroy', (request, response) => {
            let running = 2;
            const answered = () => {
              running -= 1;
              if (running === 0) response.json({ id: request.sessionID });
            };
            sessionOf(request).cart = ['tea'];
            request.session.save(answered);
            request.session.destroy(answered);
          });
        },
      });
      const browser = app.client();
      const login = await browser.post('/login', { user: 'ada' });
      const { cookie } = browser;
      await browser.post('/save-and-destroy');
      const did = 'called req.session.save(), then req.session.destroy() without waiting';
      await expectLoggedOut(app, cookie, login.body.id, did);
      const { body } = await app.client().post('/save-and-destroy');
      expectEqual(`${did}, in a new session`, dataOf(await get(app.store, body.id)), undefined);
    },
  },
  {
    id: 'resurrection/no-cookie-accepted',
    title: 'whatever requests were running at the logout, its cookie opens no session afterwards',
    area,
    level: 'promise',
    needs: [],
    async run(trial) {
      const app = await trial.startApplication({ session: { rolling: true } });
      const browser = app.client();
      const login = await browser.post('/login', { user: 'ada' });
      const { cookie } = browser;
      const slowAt = (gate: string, routes: readonly string[]) =>
        routes.map((route) => browser.clone().post(route, { gate, key: route, value: gate }));
      const saving = ['/slow/write', '/slow/save', '/slow/read'];
      const meanwhile = slowAt('meanwhile', [...saving, '/slow/logout', '/slow/regenerate']);
      // Not those that destroy the session once more, and would hide what the others did.
      const afterwards = slowAt('afterwards', saving);
      await app.gate('meanwhile').arrived(meanwhile.length);
      await app.gate('afterwards').arrived(afterwards.length);
      const logout = browser.clone().post('/logout');
      app.gate('meanwhile').open();
      await Promise.all([logout, ...meanwhile]);
      app.gate('afterwards').open();
      await Promise.all(afterwards);
      const did = 'logged out while requests of all kinds were ending, and before others did';
      await expectLoggedOut(app, cookie, login.body.id, did);
    },
  },
  {
    id: 'resurrection/id-given-again',
    title:
      'a slow request of a first user does not write into the session of a second to whom genid gave the same id',
    area,
    level: 'promise',
    needs: [],
    async run(trial) {
      const app = await trial.startApplication({ session: { genid: () => 'the same for everybody' } });
      const ada = app.client();
      await ada.post('/login', { user: 'ada' });
      const slow = ['/slow/write', '/slow/save'].map((route) =>
        ada.clone().post(route, { gate: 'slow', key: 'note', value: 'of ada' }),
      );
      await app.gate('slow').arrived(slow.length);
      await ada.clone().post('/logout');
      const eve = app.client();
      await eve.post('/login', { user: 'eve' });
      app.gate('slow').open();
      const replies = await Promise.all(slow);
      const did = 'logged ada out, logged eve in under the same id, let slow requests of ada end';
      const { body } = await eve.get('/session');
      expectEqual(`${did}: the data of eve`, body.data, { user: 'eve' });
      for (const reply of replies) expectNoError(app, reply, did);
      expectThat(body.id === 'the same for everybody', did, 'the id that genid gives', body.id);
    },
  },
];
