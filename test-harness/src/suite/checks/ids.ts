import type { Store } from 'express-session';
import { destroy, errorOf, get, newSession, set } from '../calls.js';
import type { Check } from '../check.js';
import { expectEqual, expectThat } from '../expectations.js';

const area = 'ids';

const refused: readonly (readonly [name: string, title: string, ids: readonly unknown[]])[] = [
  ['not-a-string', 'an id that is not a string', [undefined, null, 42, true, {}, ['one'], Symbol('one')]],
  ['empty', 'an empty id', ['']],
  ['too-long', 'an id of more than 1,024 bytes', ['x'.repeat(1_025), 'é'.repeat(513)]],
  ['not-well-formed', 'an id with half a surrogate pair', ['\ud800', 'one\udc00two']],
  ['nul', 'an id with U+0000 in it', ['\u0000', 'one\u0000two', 'one\u0000']],
];

const accepted: readonly (readonly [name: string, title: string, ids: readonly string[]])[] = [
  [
    'patterns',
    'ids that look like patterns are data',
    ['*', 'a*', 'abc', 'a?c', '[abc]', 'a[b]c', '%', 'a%', '_', 'a_c', '\\*', '.*', '^abc$'],
  ],
  [
    'prefixes',
    'ids that begin each other, or look like a prefix, are apart',
    ['s', 'se', 'sess', 'sess:', 'sess:a', 'sess:sess:a', ':', 'a:', ':a'],
  ],
  [
    'property-names',
    'ids that name properties of objects are data',
    ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'length', 'sessions'],
  ],
  [
    'syntax',
    'ids that are SQL, operators or paths are data',
    [
      "' OR 1=1; --",
      "'; DROP TABLE sessions; --",
      '"',
      '`',
      '$1',
      '?',
      ':id',
      '@id',
      '$gt',
      '{"$gt":""}',
      'a.b',
      'a/b',
      '..',
      '.',
      '../a',
      '{tag}a',
      '{}',
      '{',
      '\\',
      '\\0',
    ],
  ],
  [
    'values',
    'ids that look like values of other types are data',
    ['0', '00', '1', '1.0', '1e0', '-1', 'null', 'undefined', 'true', 'NaN', '[object Object]'],
  ],
  [
    'spaces',
    'ids that differ in spaces, case or composition are apart',
    [
      'a',
      'A',
      ' a',
      'a ',
      'a\t',
      'a\n',
      '\ta',
      ' ',
      '\n',
      '\u00e9',
      'e\u0301',
      'ß',
      'ss',
      'SS',
      'i',
      'ı',
      'İ',
    ],
  ],
  [
    'languages',
    'ids of any characters work',
    [
      '日本語',
      'עברית',
      '🙂',
      '👩‍👩‍👧',
      '\u2028',
      '\ufeff',
      '\uffff',
      '\u{10ffff}',
      '\u0001',
      '\u007f',
      '\u0080',
    ],
  ],
  [
    'longest',
    'ids of up to 1,024 bytes work, and one byte tells them apart',
    ['x'.repeat(1_024), `${'x'.repeat(1_023)}y`, 'é'.repeat(512), '🙂'.repeat(256), 'x'],
  ],
];

export const idsChecks: readonly Check[] = [
  ...refused.map(
    ([name, title, ids]): Check => ({
      id: `ids/${name}`,
      title: `${title} is an error with a code, by callback`,
      area,
      level: 'promise',
      needs: [],
      async run(trial) {
        const store = await trial.createStore();
        for (const id of ids) await expectRefused(store, id);
      },
    }),
  ),
  ...accepted.map(
    ([name, title, ids]): Check => ({
      id: `ids/${name}`,
      title,
      area,
      level: 'promise',
      needs: [],
      async run(trial) {
        await expectApart(await trial.createStore(), ids);
      },
    }),
  ),
  {
    id: 'ids/cookie',
    title: 'an id of any characters survives the way through the cookie of a browser',
    area,
    level: 'promise',
    needs: [],
    async run(trial) {
      const id = "a; b=c, 'd'/* {e} %20 \\ 日本語 🙂";
      const browser = (await trial.startApplication({ session: { genid: () => id } })).client();
      await browser.post('/login', { user: 'ada' });
      const { body } = await browser.get('/session');
      expectEqual('logged in with such an id, came again', [body.id, body.data], [id, { user: 'ada' }]);
      expectEqual('logged out', (await browser.post('/logout')).status, 200);
      expectEqual('logged out, came again', (await browser.get('/session')).body.data, {});
    },
  },
];

async function expectRefused(store: Store, id: unknown): Promise<void> {
  const calls: [string, ...unknown[]][] = [['get'], ['set', newSession({}, 60_000)], ['destroy']];
  if (typeof store.touch === 'function') calls.push(['touch', newSession({}, 60_000)]);
  for (const [method, ...args] of calls) {
    const { code } = await errorOf(store, method, id, ...args);
    const did = `called ${method} with the id ${typeof id === 'string' ? JSON.stringify(id).slice(0, 40) : String(id)}`;
    expectThat(
      typeof code === 'string' && code !== 'ENOENT',
      did,
      'an error with a code',
      `the code ${code}`,
    );
  }
}

/** Each id has a session of its own, and the end of one is the end of no other. */
async function expectApart(store: Store, ids: readonly string[]): Promise<void> {
  const named = (id: string) => JSON.stringify(id).slice(0, 60);
  for (const id of ids) await set(store, id, newSession({ id }, 60_000));
  for (const id of ids)
    expectEqual(`set sessions under ids, got ${named(id)}`, (await get(store, id))?.id, id);
  for (const [index, id] of ids.entries()) {
    await destroy(store, id);
    expectEqual(`destroyed ${named(id)}, got it`, await get(store, id), undefined);
    const next = ids[index + 1];
    if (next === undefined) return;
    expectEqual(`destroyed ${named(id)}, got ${named(next)}`, (await get(store, next))?.id, next);
  }
}
