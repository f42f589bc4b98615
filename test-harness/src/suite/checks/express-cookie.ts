import { get } from '../calls.js';
import type { Check } from '../check.js';
import { expectEqual, expectThat } from '../expectations.js';
import { ended } from '../waiting.js';

const area = 'express';
const day = 86_400_000;

/** The options of the cookie, and what a request does to it. */
export const cookieChecks: readonly Check[] = [
  {
    id: 'express/cookie-without-expiry',
    title: 'a cookie without an expiry works and stays without one',
    area,
    level: 'required',
    needs: [],
    async run(trial) {
      const browser = (await trial.startApplication()).client();
      const { setCookie } = await browser.post('/login', { user: 'ada' });
      expectThat(!/expires=/i.test(setCookie ?? ''), 'logged in: the cookie', 'no Expires', setCookie);
      const { data, cookie } = (await browser.get('/session')).body;
      expectEqual('came again: the user', data.user, 'ada');
      expectEqual(
        'came again: expires and originalMaxAge',
        [cookie.expires, cookie.originalMaxAge],
        [null, null],
      );
    },
  },
  {
    id: 'express/cookie-attributes',
    title: 'the attributes of the cookie are kept',
    area,
    level: 'required',
    needs: [],
    async run(trial) {
      const attributes = { path: '/', httpOnly: true, sameSite: 'lax', maxAge: day } as const;
      const browser = (
        await trial.startApplication({ session: { rolling: true, cookie: attributes } })
      ).client();
      const first = (await browser.post('/login', { user: 'ada' })).setCookie;
      const next = (await browser.get('/session')).setCookie;
      const names = (cookie = '') =>
        cookie
          .split('; ')
          .slice(1)
          .map((part) => part.replace(/^Expires=.*/, 'Expires'));
      expectEqual('came again with rolling: the attributes of the cookie', names(next), names(first));
    },
  },
  {
    id: 'express/cookie-function',
    title: 'cookie options given by a function of the request work',
    area,
    level: 'required',
    needs: [],
    async run(trial) {
      const app = await trial.startApplication({
        session: { cookie: (request) => ({ maxAge: request.headers.cookie ? day : 2 * day }) },
      });
      const browser = app.client();
      const { setCookie, body } = await browser.post('/login', { user: 'ada' });
      expectThat(/expires=/i.test(setCookie ?? ''), 'logged in: the cookie', 'Expires', setCookie);
      nearly('logged in: originalMaxAge', body.cookie.originalMaxAge, 2 * day);
      const { data, cookie } = (await browser.get('/session')).body;
      expectEqual('came again: the user', data.user, 'ada');
      nearly('came again: the originalMaxAge of the session that is there', cookie.originalMaxAge, 2 * day);
    },
  },
  {
    id: 'express/max-age-with-data',
    title: 'a cookie.maxAge that a request changes along with the data is kept',
    area,
    level: 'required',
    needs: [],
    async run(trial) {
      const app = await trial.startApplication({
        session: { cookie: { maxAge: day } },
        routes(application) {
          application.post('/remember-me', (request, response) => {
            (request.session as { remembered?: boolean }).remembered = true;
            request.session.cookie.maxAge = 30 * day;
            response.json({});
          });
        },
      });
      const browser = app.client();
      await browser.post('/login', { user: 'ada' });
      await browser.post('/remember-me');
      const { cookie, data } = (await browser.get('/session')).body;
      expectEqual('came again: the data', data, { user: 'ada', remembered: true });
      nearly('came again: originalMaxAge', cookie.originalMaxAge, 30 * day);
      nearly('came again: the time until cookie.expires', Date.parse(cookie.expires) - Date.now(), 30 * day);
    },
  },
  {
    id: 'express/max-age-alone',
    title: 'a cookie.maxAge that is the only change of a request is kept',
    area,
    // express-session's change detection leaves the cookie out: a store hears of it in a touch only.
    level: 'promise',
    needs: ['touch'],
    async run(trial) {
      const browser = (await trial.startApplication({ session: { cookie: { maxAge: day } } })).client();
      await browser.post('/login', { user: 'ada' });
      await browser.post('/max-age', { maxAge: 30 * day });
      const { cookie } = (await browser.get('/session')).body;
      nearly(
        'changed maxAge from one day to 30, came again: originalMaxAge',
        cookie.originalMaxAge,
        30 * day,
      );
      nearly(
        'changed maxAge from one day to 30: until expires',
        Date.parse(cookie.expires) - Date.now(),
        30 * day,
      );
    },
  },
  {
    id: 'express/max-age-shorter',
    title: 'a cookie.maxAge that a request makes shorter is kept and ends the session earlier',
    area,
    level: 'promise',
    needs: ['touch'],
    async run(trial) {
      const app = await trial.startApplication({ session: { cookie: { maxAge: day } } });
      const browser = app.client();
      const { id } = (await browser.post('/login', { user: 'ada' })).body;
      const asked = Date.now();
      await browser.post('/max-age', { maxAge: 500 });
      const end = new Date(Date.now() + 500);
      const session = await get(app.store, id);
      if (session === undefined && Date.now() > asked + 500) return;
      nearly('changed maxAge from a day to 500 ms: originalMaxAge', session?.cookie.originalMaxAge, 500);
      await ended(end);
      expectEqual(
        'changed maxAge to 500 ms, got the session after that time',
        await get(app.store, id),
        undefined,
      );
    },
  },
  {
    id: 'express/cookie-to-session-length',
    title: 'cookie.expires = null makes a session last as long as the browser is open',
    area,
    level: 'required',
    needs: [],
    async run(trial) {
      const app = await trial.startApplication({
        session: { cookie: { maxAge: day } },
        routes(application) {
          application.post('/forget-me', (request, response) => {
            (request.session as { remembered?: boolean }).remembered = false;
            request.session.cookie.expires = null;
            response.json({});
          });
        },
      });
      const browser = app.client();
      await browser.post('/login', { user: 'ada' });
      await browser.post('/forget-me');
      const { cookie, data } = (await browser.get('/session')).body;
      expectEqual('came again: the data', data, { user: 'ada', remembered: false });
      expectEqual('came again: cookie.expires', cookie.expires, null);
    },
  },
  {
    id: 'express/rolling',
    title: 'with rolling, every response sets the cookie with a new expiry',
    area,
    level: 'required',
    needs: [],
    async run(trial) {
      const browser = (
        await trial.startApplication({ session: { rolling: true, cookie: { maxAge: day } } })
      ).client();
      await browser.post('/login', { user: 'ada' });
      const before = Date.now();
      const { setCookie, body } = await browser.get('/session');
      const expires = Date.parse(/expires=([^;]+)/i.exec(setCookie ?? '')?.[1] ?? '');
      expectEqual('came again: the user', body.data.user, 'ada');
      // The header counts in whole seconds.
      const isNew = expires >= before + day - 1_000;
      expectThat(isNew, 'came again: Expires of the cookie', 'a day from now', setCookie);
      nearly(
        'came again and again: originalMaxAge',
        (await browser.get('/session')).body.cookie.originalMaxAge,
        day,
      );
    },
  },
];

/** Lifetimes are counted by a clock while the request runs: within ten seconds is as good as equal. */
function nearly(did: string, came: unknown, expected: number): void {
  const near = typeof came === 'number' && Math.abs(came - expected) < 10_000;
  expectThat(near, did, `about ${expected} ms`, came);
}
