import { dataOf, errorOf, get, newSession, set } from '../calls.js';
import type { Check } from '../check.js';
import { expectEqual, expectThat } from '../expectations.js';
import type { Trial } from '../trial.js';
import { corruptChecks } from './data-corrupt.js';
import { secretChecks } from './data-secrets.js';

const area = 'data';

/** Puts a value into a session through one request and shows what the next one finds there. */
async function throughRequests(trial: Trial, value: unknown): Promise<unknown> {
  const app = await trial.startApplication({
    routes(application) {
      application.post('/put', (request, response) => {
        (request.session as { value?: unknown }).value = value;
        response.json({});
      });
      application.get('/value', (request, response) => {
        response.json({ json: JSON.stringify((request.session as { value?: unknown }).value) });
      });
    },
  });
  const browser = app.client();
  await browser.post('/put');
  const { json } = (await browser.get('/value')).body;
  return json === undefined ? undefined : JSON.parse(json);
}

function kept(id: string, title: string, level: Check['level'], value: () => unknown): Check {
  return {
    id: `data/${id}`,
    title,
    area,
    level,
    needs: [],
    async run(trial) {
      const expected = JSON.parse(JSON.stringify(value()));
      expectEqual(
        'put a value into the session, read it in the next request',
        await throughRequests(trial, value()),
        expected,
      );
    },
  };
}

function refused(id: string, title: string, value: () => unknown): Check {
  return {
    id: `data/${id}`,
    title,
    area,
    level: 'promise',
    needs: [],
    async run(trial) {
      const store = await trial.createStore();
      await set(store, 'one', newSession({ user: 'ada' }, 60_000));
      const { code } = await errorOf(
        store,
        'set',
        'one',
        newSession({ user: 'eve', value: value() }, 60_000),
      );
      expectThat(typeof code === 'string', 'set such a session', 'an error with a code', `the code ${code}`);
      expectEqual('set such a session, got what was there before', (await get(store, 'one'))?.user, 'ada');
    },
  };
}

const valueChecks: readonly Check[] = [
  kept('types', 'values keep their types', 'required', () => ({
    text: 'tea',
    empty: '',
    digits: '42',
    zero: 0,
    fraction: 0.1,
    large: Number.MAX_SAFE_INTEGER,
    tiny: 5e-324,
    yes: true,
    no: false,
    nothing: null,
    list: [1, '1', null, [], {}],
    nested: { deeper: { deepest: [{ end: true }] } },
    emptyList: [],
    emptyObject: {},
  })),
  kept(
    'json',
    'what JSON changes is changed as JSON does it: dates become text, undefined is left out',
    'promise',
    () => ({
      date: new Date(0),
      nothing: undefined,
      inList: [undefined, Number.NaN],
      own: { toJSON: () => 'itself' },
    }),
  ),
  kept('arrays', 'an array comes back whole, in order and as long as it was', 'required', () => [
    3,
    1,
    2,
    [2, 1],
    3,
    3,
  ]),
  kept('characters', 'text of any characters comes back as it was', 'required', () => ({
    text: 'tab\t quote" apostrophe\' backslash\\ line\n\r 日本語 עברית 🙂 \u2028 e\u0301 \ufeff $1 %s {} ?',
    'key with "quotes", 日本語 and $': { '': 'empty key', 'a.b': 1, $gt: 2 },
  })),
  kept(
    'control-characters',
    'U+0000 and halves of surrogate pairs in the data come back as they were',
    'promise',
    () => ({
      text: 'one\u0000two \ud800 \u0001\u001f\u007f',
      'key\u0000': true,
    }),
  ),
  kept('proto', 'keys named __proto__ and constructor are data like any other', 'promise', () =>
    JSON.parse('{"__proto__":{"admin":true},"constructor":{"prototype":{"admin":true}},"toString":"text"}'),
  ),
  kept('big', 'a session of a megabyte comes back whole', 'promise', () => 'tea, '.repeat(200_000)),
  kept('many-keys', 'a session of a thousand keys comes back whole', 'required', () =>
    Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`key ${index}`, index])),
  ),
  {
    id: 'data/no-pollution',
    title: 'a key named __proto__ in a session changes no other object',
    area,
    level: 'required',
    needs: [],
    async run(trial) {
      await throughRequests(trial, JSON.parse('{"__proto__":{"admin":true}}'));
      expectEqual(
        'put such a key into a session, looked at a new object',
        ({} as { admin?: true }).admin,
        undefined,
      );
    },
  },
  {
    id: 'data/empty',
    title: 'a session with nothing in it can be kept',
    area,
    level: 'required',
    needs: [],
    async run(trial) {
      const store = await trial.createStore();
      await set(store, 'one', newSession({}, 60_000));
      const session = await get(store, 'one');
      expectThat(session !== undefined, 'set a session with a cookie only, got it', 'a session', session);
      expectEqual('set a session with a cookie only, got its data', dataOf(session), {});
    },
  },
  {
    id: 'data/nothing-added',
    title: 'the store adds nothing to the data of a session',
    area,
    level: 'promise',
    needs: [],
    async run(trial) {
      const store = await trial.createStore();
      await set(store, 'one', newSession({ user: 'ada' }, 60_000));
      const { cookie, ...data } = (await get(store, 'one')) ?? newSession({});
      expectEqual('set a session, got it: its data', data, { user: 'ada' });
      const known = [
        'originalMaxAge',
        'partitioned',
        'priority',
        'expires',
        'secure',
        'httpOnly',
        'domain',
        'path',
        'sameSite',
      ];
      const added = Object.keys(JSON.parse(JSON.stringify(cookie))).filter((key) => !known.includes(key));
      expectEqual('set a session, got it: what is new in its cookie', added, []);
    },
  },
  {
    id: 'data/deleted-key',
    title: 'a key that a request deletes stays deleted',
    area,
    level: 'required',
    needs: [],
    async run(trial) {
      const browser = (await trial.startApplication()).client();
      await browser.post('/login', { user: 'ada' });
      await browser.post('/write', { key: 'cart', value: ['tea'] });
      await browser.post('/delete', { key: 'cart' });
      await browser.post('/write', { key: 'step', value: 1 });
      const { data } = (await browser.get('/session')).body;
      expectEqual('deleted `cart`, wrote another key, came again', data, { user: 'ada', step: 1 });
    },
  },
  {
    id: 'data/snapshot',
    title: 'what is stored is the session as it was when set was called',
    area,
    level: 'promise',
    needs: [],
    async run(trial) {
      const store = await trial.createStore();
      const session = newSession({ user: 'ada', cart: ['tea'] }, 60_000);
      const setting = set(store, 'one', session);
      session.user = 'eve';
      session.cart.push('cake');
      await setting;
      const stored = await get(store, 'one');
      expectEqual(
        'called set, changed the object at once, got it',
        [stored?.user, stored?.cart],
        ['ada', ['tea']],
      );
    },
  },
  {
    id: 'data/copy',
    title: 'what get answers is a copy: changing it changes nothing in the store',
    area,
    level: 'promise',
    needs: [],
    async run(trial) {
      const store = await trial.createStore();
      await set(store, 'one', newSession({ cart: ['tea'] }, 60_000));
      (await get(store, 'one'))?.cart.push('cake');
      expectEqual('changed what get had answered, got it again', (await get(store, 'one'))?.cart, ['tea']);
    },
  },
  refused('circular', 'circular data is an error by callback, and what was stored before stays', () => {
    const circular: { self?: unknown } = {};
    circular.self = circular;
    return circular;
  }),
  refused(
    'bigint',
    'a BigInt in the data is an error by callback, and what was stored before stays',
    () => 1n,
  ),
];

export const dataChecks: readonly Check[] = [...valueChecks, ...corruptChecks, ...secretChecks];
