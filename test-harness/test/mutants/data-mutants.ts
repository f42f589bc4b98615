import { impatientRedis, memory } from './bases.js';
import { damaged, failingWith, plain, remembering } from './broken-ways.js';
import type { Methods, Mutant } from './mutant.js';

/** Every value as a hash of Redis or a column of text would have it. */
const numbersAsText = (value: unknown) =>
  JSON.parse(JSON.stringify(value), (_key, each) => (typeof each === 'number' ? String(each) : each));

const isCorrupt = (error: { code?: unknown }) => error.code === 'CORRUPT';

async function readableOf(good: Methods): Promise<object[]> {
  const all = await Promise.all(
    ((await good.ids()) as string[]).map((id) => good.get(id).catch(() => undefined)),
  );
  return all.filter((session) => session !== undefined);
}

/** Merges as the package deepmerge once did: into the prototype of all objects, where the data says so. */
// biome-ignore lint/suspicious/noExplicitAny: it looks at everything
function mergeInto(target: any, source: any): void {
  for (const key of Object.keys(source)) {
    if (typeof source[key] === 'object' && target[key] !== undefined) mergeInto(target[key], source[key]);
    else target[key] = source[key];
  }
}

export const dataMutants: Readonly<Record<string, Mutant>> = {
  'data/types': memory({
    how: 'makes text of numbers',
    says: /read it in the next request\n[\s\S]*Came:[\s\S]*zero: '0'/,
    methods: damaged(numbersAsText),
  }),
  'data/json': memory({
    how: 'makes null of what is undefined',
    says: /Came:[\s\S]*nothing: null/,
    methods: damaged((value) => ({ ...value, nothing: null })),
  }),
  'data/arrays': memory({
    how: 'keeps an element once',
    says: /Came: \[ 3, 1, 2, \[ 2, 1 \] \]/,
    methods: damaged((value) => [...new Set(value)]),
  }),
  'data/characters': memory({
    how: 'keeps one byte a character',
    says: /Came:/,
    methods: damaged((value) => JSON.parse(Buffer.from(JSON.stringify(value), 'latin1').toString('latin1'))),
  }),
  'data/control-characters': memory({
    how: 'leaves U+0000 out',
    says: /Came:/,
    methods: damaged((value) => JSON.parse(JSON.stringify(value).replaceAll('\\u0000', ''))),
  }),
  'data/proto': memory({
    how: 'assigns what it has read key by key',
    says: /Came:/,
    methods: damaged((value) => {
      const copy: Record<string, unknown> = {};
      for (const key of Object.keys(value)) copy[key] = value[key];
      return copy;
    }),
  }),
  'data/big': memory({
    how: 'has a column of 65,535 characters',
    says: /Came:/,
    methods: damaged((value) => value.slice(0, 65_535)),
  }),
  'data/many-keys': memory({
    how: 'keeps 512 keys',
    says: /Came:/,
    methods: damaged((value) => Object.fromEntries(Object.entries(value).slice(0, 512))),
  }),
  'data/no-pollution': memory({
    how: 'merges what it has read into a new object, key by key',
    says: /looked at a new object\nExpected: undefined\nCame: true/,
    methods: (good) => ({
      get: async (id) => {
        const session = await good.get(id);
        mergeInto({}, session?.value ?? {});
        return session;
      },
    }),
    raw: ({ store }) => ({
      async close() {
        delete (Object.prototype as { admin?: boolean }).admin;
        await Object.getPrototypeOf(store).close.call(store);
      },
    }),
  }),
  'data/empty': memory({
    how: 'does not keep a session with nothing in it',
    says: /with a cookie only, got it\nExpected: a session/,
    methods: (good) => ({
      set: async (id, session) => (Object.keys(session).length > 1 ? good.set(id, session) : undefined),
    }),
  }),
  'data/nothing-added': memory({
    how: 'keeps the time of the last change within the session, as connect-redis 6.1.0 did',
    says: /got it: its data\nExpected: \{ user: 'ada' \}\nCame: \{ user: 'ada', lastModified: \d+ \}/,
    methods: (good) => ({
      set: async (id, session) => good.set(id, { ...session, lastModified: Date.now() }),
    }),
  }),
  'data/deleted-key': memory({
    how: 'merges two ways, so that nothing is ever deleted',
    says: /deleted `cart`[\s\S]*Came: \{[^}]*cart/,
    methods: (good) => ({
      set: async (id, session) => good.set(id, { ...(await good.get(id)), ...plain(session) }),
    }),
  }),
  'data/snapshot': memory({
    how: 'serializes when it gets round to it',
    says: /changed the object at once, got it\n.*'ada'.*\nCame: \[ 'eve'/,
    methods: (good) => ({
      set: async (id, session) => {
        await new Promise((resolve) => setImmediate(resolve));
        return good.set(id, session);
      },
    }),
  }),
  'data/copy': memory({
    how: 'answers the object that it keeps',
    says: /got it again\nExpected: \[ 'tea' \]\nCame: \[ 'tea', 'cake' \]/,
    methods: remembering((_good, remembered) => ({ get: async (id) => remembered.get(id) })),
  }),
  'data/circular': memory({
    how: 'throws at once',
    says: /failures in the callback\nCame: it threw TypeError/,
    raw: (good) => ({
      set(id: string, session: never, callback: () => void) {
        JSON.stringify(session);
        good.set(id, session).then(callback, callback);
      },
    }),
  }),
  'data/bigint': memory({
    how: 'hands the error of JSON on as it is',
    says: /an error with a code\nCame: '?the code undefined/,
    methods: failingWith('set', (error) => error.cause ?? new TypeError(error.message)),
  }),
  'data/corrupt-is-an-error': memory({
    how: 'takes a record that cannot be read for none',
    says: /Expected: an Error\nCame: success/,
    methods: (good) => ({
      get: async (id) =>
        good.get(id).catch((error) => {
          if (!isCorrupt(error)) throw error;
          return undefined;
        }),
    }),
  }),
  'data/corrupt-is-named': memory({
    how: 'says what JSON.parse says',
    says: /read the message\nExpected: the name/,
    methods: failingWith('get', () => new SyntaxError('Unexpected end of JSON input')),
  }),
  'data/corrupt-stays': memory({
    how: 'deletes what it cannot read',
    says: /Expected: an Error\nCame: success/,
    methods: (good) => ({
      get: async (id) =>
        good.get(id).catch(async (error) => {
          await good.destroy(id);
          throw error;
        }),
    }),
  }),
  'data/corrupt-alone': memory({
    how: 'fails a whole batch for one bad record',
    says: /Expected: success\nCame: the error/,
    methods: (good) => ({
      get: async (id) => {
        await Promise.all(((await good.ids()) as string[]).map((each) => good.get(each)));
        return good.get(id);
      },
    }),
  }),
  'data/corrupt-can-be-destroyed': memory({
    how: 'reads what it is to destroy',
    says: /destroy[\s\S]*Expected: success\nCame: the error/,
    methods: (good) => ({
      destroy: async (id) => {
        await good.get(id);
        await good.destroy(id);
      },
    }),
  }),
  'data/corrupt-all': memory({
    how: 'leaves out of all what it cannot read',
    says: /store\.all[\s\S]*Expected: an Error\nCame: success/,
    methods: (good) => ({ all: async () => readableOf(good) }),
  }),
  'data/corrupt-ids': memory({
    how: 'reads all sessions for their ids',
    says: /store\.ids[\s\S]*Expected: success\nCame: the error/,
    methods: (good) => ({ ids: async () => ((await good.all()) as { id: string }[]).map(({ id }) => id) }),
  }),
  'data/discreet': memory({
    how: 'names the session in the error by its id',
    says: /set a circular session\nExpected: nothing of the session's id in the error/,
    methods: failingWith('set', (error, id) => Object.assign(error, { message: `cannot save ${id}` })),
  }),
  'data/discreet-corrupt': memory({
    how: 'hangs what was stored on the error',
    says: /got a corrupt record\nExpected: nothing of the session's data in the error/,
    methods: remembering((good, remembered) => ({
      get: async (id) =>
        good.get(id).catch((error) => {
          throw Object.assign(error, { stored: remembered.get(id) });
        }),
    })),
  }),
  'data/discreet-outage': impatientRedis({
    how: "leaves the driver's command on the error",
    says: /cut the network, [\s\S]*Expected: nothing of the session's (id|data) in the error/,
    methods: (good) => ({
      ...failingWith('set', (error, id) => Object.assign(error, { command: { name: 'set', args: [id] } }))(
        good as never,
      ),
    }),
  }),
};
