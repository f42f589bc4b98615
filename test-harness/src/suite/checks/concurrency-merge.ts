import type { Store } from 'express-session';
import { get } from '../calls.js';
import type { Check } from '../check.js';
import { dataOf, loaded, type RequestSession, save, sessionMaker } from '../direct-request.js';
import { expectEqual } from '../expectations.js';

const area = 'concurrency';

/**
 * What is stored of `before` after two requests have loaded it, the first has changed and saved it, and then the second.
 */
async function afterTwo(
  store: Store,
  before: Record<string, unknown>,
  first: (session: RequestSession) => void,
  second: (session: RequestSession) => void,
): Promise<Record<string, unknown> | undefined> {
  await save(store, sessionMaker(store)('one', structuredClone(before)));
  const [mine, theirs] = [await loaded(store, 'one'), await loaded(store, 'one')];
  first(mine);
  await save(store, mine);
  second(theirs);
  await save(store, theirs);
  return dataOf(await get(store, 'one'));
}

/** A check of what two requests, which both had the session before either saved it, leave behind. */
function twoRequests(
  id: string,
  title: string,
  before: Record<string, unknown>,
  first: (session: RequestSession) => void,
  second: (session: RequestSession) => void,
  after: Record<string, unknown>,
): Check {
  return {
    id,
    title,
    area,
    level: 'promise',
    needs: [],
    async run(trial) {
      const came = await afterTwo(await trial.createStore(), before, first, second);
      const steps = [first, second].map((step) => `${step}`.replaceAll(/\s+/g, ' ')).join(', then ');
      expectEqual(`two requests loaded a session, changed and saved it by ${steps}; got it`, came, after);
    },
  };
}

/** Requests that change one session at the same time. */
export const mergeChecks: readonly Check[] = [
  {
    id: 'concurrency/three-requests',
    title: 'three requests at once that set three keys all keep what they set',
    area,
    level: 'promise',
    needs: [],
    async run(trial) {
      const app = await trial.startApplication();
      const browser = app.client();
      await browser.post('/login', { user: 'ada' });
      const keys = ['theme', 'cart', 'visited'];
      const slow = keys.map((key) => browser.clone().post('/slow/write', { gate: 'slow', key, value: key }));
      await app.gate('slow').arrived(keys.length);
      app.gate('slow').open();
      await Promise.all(slow);
      expectEqual(
        'logged in, set three keys in three requests at once, came again: the data',
        (await browser.get('/session')).body.data,
        { user: 'ada', theme: 'theme', cart: 'cart', visited: 'visited' },
      );
      expectEqual('set three keys in three requests at once: errors', app.errors, []);
    },
  },
  {
    id: 'concurrency/many-requests',
    title: 'fifty requests at once that set fifty keys all keep what they set',
    area,
    level: 'promise',
    needs: [],
    async run(trial) {
      const store = await trial.createStore();
      await save(store, sessionMaker(store)('one', { user: 'ada' }));
      const sessions = await Promise.all(Array.from({ length: 50 }, () => loaded(store, 'one')));
      await Promise.all(
        sessions.map((session, index) => {
          session[`key ${index}`] = index;
          return save(store, session);
        }),
      );
      const keys = Object.keys(dataOf(await get(store, 'one')) ?? {}).length;
      expectEqual('set fifty keys beside one in fifty requests at once, counted the keys', keys, 51);
    },
  },
  {
    id: 'concurrency/two-stores',
    title: 'requests on two stores of one storage that set different keys all keep what they set',
    area,
    level: 'promise',
    needs: ['shared'],
    async run(trial) {
      const stores = [await trial.createStore(), await trial.createStore()] as const;
      await save(stores[0], sessionMaker(stores[0])('one', { user: 'ada' }));
      const requests = await Promise.all(
        Array.from({ length: 20 }, async (_, index) => {
          const store = stores[index % 2] as Store;
          return { store, session: await loaded(store, 'one'), key: `key ${index}` };
        }),
      );
      await Promise.all(
        requests.map(({ store, session, key }) => {
          session[key] = true;
          return save(store, session);
        }),
      );
      const keys = Object.keys(dataOf(await get(stores[1], 'one')) ?? {}).length;
      expectEqual('set twenty keys beside one from two stores at once, counted the keys', keys, 21);
    },
  },
  twoRequests(
    'concurrency/deep',
    'two requests that set different keys deep in one plain object both keep what they set',
    { cart: { tea: 1, box: { colour: 'red' } } },
    (session) => {
      session.cart.coffee = 2;
      session.cart.box.size = 'small';
    },
    (session) => {
      session.cart.milk = 3;
      session.cart.box.colour = 'blue';
    },
    { cart: { tea: 1, coffee: 2, milk: 3, box: { colour: 'blue', size: 'small' } } },
  ),
  {
    id: 'concurrency/array-untouched',
    title: 'an array that none of several requests changed stays as it is',
    area,
    level: 'promise',
    needs: [],
    async run(trial) {
      const list = [1, 2, { three: 3 }];
      const came = await afterTwo(
        await trial.createStore(),
        { list },
        (session) => {
          session.a = true;
        },
        (session) => {
          session.b = true;
        },
      );
      expectEqual('two requests changed a session beside its array, got the array', came?.list, list);
    },
  },
  twoRequests(
    'concurrency/array-changed',
    'of two requests that changed the same array the last writer wins, the whole array',
    { list: ['tea'] },
    (session) => {
      session.list.push('coffee', 'milk');
    },
    (session) => {
      session.list.push('cake');
    },
    { list: ['tea', 'cake'] },
  ),
  twoRequests(
    'concurrency/array-of-one',
    'an array that only one of two requests changed is as that one left it',
    { list: ['tea', 'coffee', 'milk'] },
    (session) => {
      session.list.pop();
    },
    (session) => {
      session.other = true;
    },
    { list: ['tea', 'coffee'], other: true },
  ),
  twoRequests(
    'concurrency/same-key',
    'of two requests that set the same key the last writer wins',
    { theme: 'light' },
    (session) => {
      session.theme = 'dark';
    },
    (session) => {
      session.theme = 'blue';
    },
    { theme: 'blue' },
  ),
  twoRequests(
    'concurrency/deleted-key',
    'a key that one request deleted stays deleted when another changes other keys',
    { user: 'ada', flash: 'hello', cart: { tea: 1, coffee: 2 } },
    (session) => {
      delete session.flash;
      delete session.cart.tea;
    },
    (session) => {
      session.theme = 'dark';
      session.cart.milk = 3;
    },
    { user: 'ada', theme: 'dark', cart: { coffee: 2, milk: 3 } },
  ),
  twoRequests(
    'concurrency/delete-later',
    'a key that the later of two requests deleted is gone, and what the earlier set is kept',
    { user: 'ada', flash: 'hello' },
    (session) => {
      session.theme = 'dark';
    },
    (session) => {
      delete session.flash;
    },
    { user: 'ada', theme: 'dark' },
  ),
];
