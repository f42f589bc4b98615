import { get } from '../calls.js';
import type { Check } from '../check.js';
import { loaded, save, sessionMaker } from '../direct-request.js';
import { expectEqual, expectThat } from '../expectations.js';

const area = 'concurrency';
const hour = 3_600_000;

/** What concurrent changes do to the cookie of a session, and to values that are more than JSON. */
export const cookieConcurrencyChecks: readonly Check[] = [
  {
    id: 'concurrency/dates-undamaged',
    title: 'dates in the data and the cookie come out of concurrent changes undamaged',
    area,
    level: 'promise',
    needs: [],
    async run(trial) {
      const store = await trial.createStore();
      const when = new Date('2020-02-02T02:02:02.002Z');
      const begun = sessionMaker(store)('one', { when, deep: { when }, list: [when] });
      const { expires } = begun.cookie;
      await save(store, begun);
      const requests = await Promise.all(Array.from({ length: 3 }, () => loaded(store, 'one')));
      for (const [index, request] of requests.entries()) {
        request[`key ${index}`] = true;
        await save(store, request);
      }
      const did = 'three requests changed a session with dates one after the other, got it';
      const after = await loaded(store, 'one');
      const dates = [after.when, after.deep?.when, after.list?.[0]];
      // JSON stores answer with text.
      for (const date of dates) expectEqual(`${did}: a date`, new Date(date).getTime(), when.getTime());
      const { cookie } = after;
      expectThat(cookie.expires instanceof Date, `${did}: cookie.expires`, 'a date', cookie.expires);
      const drift = Math.abs(cookie.expires.getTime() - Number(expires));
      expectThat(drift < 2_000, `${did}: cookie.expires`, `${expires}`, cookie.expires);
      const { path, httpOnly, originalMaxAge } = cookie;
      expectEqual(`${did}: the cookie`, { path, httpOnly }, { path: '/', httpOnly: true });
      const age = Math.abs((originalMaxAge ?? 0) - 600_000);
      expectThat(age < 2_000, `${did}: originalMaxAge`, 'about 600000', originalMaxAge);
    },
  },
  {
    id: 'concurrency/cookie-and-data',
    title: 'a change of the cookie in one request and of the data in another are both kept',
    area,
    level: 'promise',
    needs: [],
    async run(trial) {
      for (const first of ['cookie', 'data']) {
        const app = await trial.startApplication({ session: { cookie: { maxAge: hour } } });
        const browser = app.client();
        const { id } = (await browser.post('/login', { user: 'ada' })).body;
        const [ageing, writing] = [await loaded(app.store, id), await loaded(app.store, id)];
        ageing.cookie.maxAge = 24 * hour;
        ageing.remembered = true;
        writing.cart = ['tea'];
        const order = first === 'cookie' ? [ageing, writing] : [writing, ageing];
        for (const request of order) await save(app.store, request);
        const did = `one request made maxAge 24 h instead of 1 h, another set a key, ${first} first; came again`;
        const { data, cookie } = (await browser.get('/session')).body;
        expectEqual(`${did}: the data`, data, { user: 'ada', remembered: true, cart: ['tea'] });
        const age = Math.abs(cookie.originalMaxAge - 24 * hour);
        expectThat(age < 5_000, `${did}: originalMaxAge`, 'about 24 h', cookie.originalMaxAge);
      }
    },
  },
  {
    id: 'concurrency/cookie-alone-and-data',
    title: 'a cookie.maxAge that is the only change of one request and the data of another are both kept',
    area,
    // express-session hands a change of nothing but the cookie to `touch`.
    level: 'promise',
    needs: ['touch'],
    async run(trial) {
      const app = await trial.startApplication({ session: { cookie: { maxAge: hour } } });
      const browser = app.client();
      await browser.post('/login', { user: 'ada' });
      const slow = browser.clone().post('/slow/write', { gate: 'slow', key: 'cart', value: ['tea'] });
      await app.gate('slow').arrived();
      await browser.clone().post('/max-age', { maxAge: 24 * hour });
      app.gate('slow').open();
      await slow;
      const { data, cookie } = (await browser.get('/session')).body;
      const did = 'one request set a key while another made maxAge 24 h instead of 1 h, came again';
      expectEqual(`${did}: the data`, data, { user: 'ada', cart: ['tea'] });
      const age = Math.abs(cookie.originalMaxAge - 24 * hour);
      expectThat(age < 5_000, `${did}: originalMaxAge`, 'about 24 h', cookie.originalMaxAge);
    },
  },
  {
    id: 'concurrency/slow-touch',
    title:
      'the touch of a slow request does not put back a lifetime that another request has changed meanwhile',
    area,
    level: 'promise',
    needs: ['touch'],
    async run(trial) {
      for (const maxAge of [hour / 60, 24 * hour]) {
        const app = await trial.startApplication({ session: { cookie: { maxAge: hour } } });
        const browser = app.client();
        const { id } = (await browser.post('/login', { user: 'ada' })).body;
        const slow = browser.clone().post('/slow/read', { gate: 'slow' });
        await app.gate('slow').arrived();
        await browser.clone().post('/max-age', { maxAge });
        app.gate('slow').open();
        await slow;
        const did = `a request made maxAge ${maxAge} ms instead of ${hour} while a slow one ran, the slow one ended`;
        const cookie = (await get(app.store, id))?.cookie;
        const age = Math.abs((cookie?.originalMaxAge ?? 0) - maxAge);
        expectThat(age < 5_000, `${did}: originalMaxAge`, `about ${maxAge}`, cookie?.originalMaxAge);
        const left = new Date(cookie?.expires as Date | string).getTime() - Date.now();
        expectThat(Math.abs(left - maxAge) < 5_000, `${did}: ms until expires`, `about ${maxAge}`, left);
      }
    },
  },
];
