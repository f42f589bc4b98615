import type { Store } from 'express-session';
import { get } from '../calls.js';
import type { Check } from '../check.js';
import { expectEqual, expectThat } from '../expectations.js';
import type { SessionView } from '../routes.js';
import { clockPast, ended, until } from '../waiting.js';

const area = 'expiry';

async function expiryOf(store: Store, id: string): Promise<number> {
  return new Date((await get(store, id))?.cookie.expires as Date | string).getTime();
}

/** Ms by which the quick request comes later than the slow one. */
const laterBy = 400;

/** A request that has sent its headers, and with them the cookie of that time, long before it ends. */
function slowExpiry(id: string, title: string, needs: Check['needs'], writes: boolean): Check {
  return {
    id,
    title,
    area,
    level: 'promise',
    needs,
    async run(trial) {
      const app = await trial.startApplication({
        session: { rolling: true, cookie: { maxAge: 60_000 } },
        routes(application, gates) {
          application.get('/stream', async (request, response) => {
            response.write('the headers go out, and express-session counts the expiry from now');
            await gates.get('streaming').pass();
            if (writes) (request.session as { streamed?: boolean }).streamed = true;
            response.end();
          });
        },
      });
      const browser = app.client();
      const { id: session } = (await browser.post('/login', { user: 'ada' })).body;
      const streaming = browser.clone().get('/stream');
      await app.gate('streaming').arrived();
      await clockPast(Date.now() + laterBy);
      await browser.get('/session');
      const before = await expiryOf(app.store, session);
      app.gate('streaming').open();
      await streaming;
      const after = await expiryOf(app.store, session);
      const did = 'a quick request extended the session while a slow one ran, the slow one ended: the expiry';
      // Where the server keeps the time, what is shown of it differs by what a call takes on a busy machine.
      expectThat(
        after >= before - laterBy / 2,
        did,
        `not before ${new Date(before).toISOString()}`,
        new Date(after),
      );
    },
  };
}

/** Resolves when the session that a client was shown is over, as its store sees it. */
async function over(store: Store, { id, cookie }: SessionView): Promise<void> {
  await ended(cookie.expires);
  const gone = async () => (await get(store, id)) === undefined;
  await until('waited for the end of a session', 'no session', gone, 2_000);
}

/** A request that is still running when its session expires, and changes it then. */
function tooLate(id: string, title: string, route: string): Check {
  return {
    id,
    title,
    area,
    level: 'promise',
    needs: [],
    async run(trial) {
      const app = await trial.startApplication({ session: { cookie: { maxAge: 2_000 } } });
      const browser = app.client();
      const { body } = await browser.post('/login', { user: 'ada' });
      // It has to be there before the session ends, on a busy machine too.
      const slow = browser.clone().post(route, { gate: 'late', key: 'cart', value: ['tea'] });
      await app.gate('late').arrived();
      await over(app.store, body);
      app.gate('late').open();
      const reply = await slow;
      // express-session hands the error of a save at the end to the application after the answer has gone out.
      const codes = () =>
        [reply.body.error, ...app.errors].map((error) => (error as { code?: unknown })?.code);
      const did = 'changed a session after it had expired, looked at the errors that the application sees';
      await until(did, 'one with the code EXPIRED', async () => codes().includes('EXPIRED'), 2_000);
      expectEqual('changed a session after it had expired, got it', await get(app.store, body.id), undefined);
    },
  };
}

/** What requests that take their time do to the expiry of a session. */
export const requestExpiryChecks: readonly Check[] = [
  slowExpiry(
    'expiry/slow-touch',
    'a slow request that changes nothing never moves the expiry back',
    ['touch'],
    false,
  ),
  slowExpiry('expiry/slow-write', 'a slow request that writes never moves the expiry back', [], true),
  tooLate(
    'expiry/late-save',
    'a change saved by hand after the session has expired is the error EXPIRED',
    '/slow/save',
  ),
  tooLate(
    'expiry/late-write',
    'a change saved at the end of a request after the session has expired is the error EXPIRED',
    '/slow/write',
  ),
  {
    id: 'expiry/late-read',
    title: 'a request that changes nothing and ends after its session has expired is no error',
    area,
    level: 'promise',
    needs: [],
    async run(trial) {
      const app = await trial.startApplication({ session: { cookie: { maxAge: 500 } } });
      const browser = app.client();
      const { body } = await browser.post('/login', { user: 'ada' });
      const slow = browser.clone().post('/slow/read', { gate: 'late' });
      await app.gate('late').arrived();
      await over(app.store, body);
      app.gate('late').open();
      expectEqual('read a session, ended after its expiry: the status', (await slow).status, 200);
      // express-session hands an error of the touch on when the answer has gone out: it is there when another has come back.
      await browser.get('/session');
      expectEqual('read a session, ended after its expiry: the errors', app.errors, []);
      expectEqual('read a session, ended after its expiry: got it', await get(app.store, body.id), undefined);
    },
  },
  {
    id: 'expiry/save-after-touches',
    title: 'a save in the middle of a request does not end a session that only touches have kept alive',
    area,
    level: 'required',
    needs: ['touch'],
    async run(trial) {
      const app = await trial.startApplication({ session: { cookie: { maxAge: 2_000 } } });
      const browser = app.client();
      const { body } = await browser.post('/login', { user: 'ada' });
      const start = Date.parse(body.cookie.expires) - 2_000;
      for (const time of [1_000, 2_000]) {
        await clockPast(start + time);
        await browser.get('/session');
      }
      // Past the expiry of the last write by more than a second, for stores that count in whole ones.
      await clockPast(start + 3_200);
      const { status } = await browser.post('/save', { key: 'cart', value: ['tea'] });
      expectEqual('kept a session alive by requests, saved in another: the status', status, 200);
      const { data } = (await browser.get('/session')).body;
      expectEqual('kept a session alive by requests, saved, came again', data, {
        user: 'ada',
        cart: ['tea'],
      });
    },
  },
];
