import { memory } from './bases.js';
import { remembering } from './broken-ways.js';
import type { Mutant } from './mutant.js';

export const interfaceMutants: Readonly<Record<string, Mutant>> = {
  'interface/emitter': memory({
    how: 'has no `on`',
    says: /an EventEmitter/,
    raw: () => ({ on: undefined }),
  }),
  'interface/methods': memory({
    how: 'has no `regenerate`',
    says: /store\.regenerate/,
    raw: () => ({ regenerate: undefined }),
  }),
  'interface/set-get': memory({
    how: 'keeps one session for all ids',
    says: /got the first\nExpected: 'ada'\nCame: 'eve'/,
    methods: (good) => ({
      get: async () => good.get('the only one'),
      set: async (_id, session) => good.set('the only one', session),
    }),
  }),
  'interface/get-missing': memory({
    how: 'takes a missing session for an error',
    says: /never set\nExpected: no error/,
    methods: (good) => ({
      get: async (id) => {
        const session = await good.get(id);
        if (session === undefined) throw new Error('no such session');
        return session;
      },
    }),
  }),
  'interface/set-replaces': memory({
    how: 'adds to what is there',
    says: /Came: \{ user: 'eve', cart: \[ 'tea' \] \}/,
    methods: (good) => ({
      set: async (id, session) => good.set(id, { ...(await good.get(id)), ...session }),
    }),
  }),
  'interface/touch': memory({
    how: 'keeps nothing but the cookie when it is touched',
    says: /touched and got a session\nExpected: 'ada'\nCame: undefined/,
    methods: (good) => ({ touch: async (id, { cookie }) => good.set(id, { cookie }) }),
  }),
  'interface/later': memory({
    how: 'calls back before it returns',
    says: /called get\n.*\nCame: 'the callback inside of the call'/,
    raw: () => ({ get: (_id: string, callback: () => void) => callback() }),
  }),
  'interface/once': memory({
    how: 'takes what the callback throws for a failure of its own, and calls it again',
    says: /counted its calls\nExpected: 1\nCame: 2/,
    raw: (good) => ({
      async get(id: string, callback: (error: unknown, session?: unknown) => void) {
        try {
          callback(null, await good.get(id));
        } catch (error) {
          callback(error);
        }
      },
    }),
  }),
  'interface/promises': memory({
    how: 'returns nothing from set',
    says: /called set without a callback\nExpected: a promise/,
    raw: (good) => ({
      set(id: string, session: never, callback?: (error: unknown) => void) {
        good.set(id, session).then(() => callback?.(null), callback);
      },
    }),
  }),
  'interface/length': memory({
    how: 'counts sessions that were destroyed',
    says: /asked for the length\nExpected: 2\nCame: 3/,
    methods: remembering((_good, remembered) => ({ length: async () => remembered.size })),
  }),
  'interface/all': memory({
    how: 'leaves one of all sessions out',
    says: /asked for all/,
    methods: (good) => ({ all: async () => ((await good.all()) as unknown[]).slice(1) }),
  }),
  'interface/all-array': memory({
    how: 'answers `all` with an object by id',
    says: /Expected: an array/,
    methods: (good) => ({
      all: async () =>
        Object.fromEntries(((await good.all()) as { id: string }[]).map((one) => [one.id, one])),
    }),
  }),
  'interface/ids': memory({
    how: 'answers `ids` with the keys of its storage',
    says: /asked for the ids\n.*\nCame: \[ 'sess:one', 'sess:two' \]/,
    methods: (good) => ({ ids: async () => ((await good.ids()) as string[]).map((id) => `sess:${id}`) }),
  }),
  'interface/clear': memory({
    how: 'clears nothing',
    says: /cleared the store, got/,
    methods: () => ({ clear: async () => {} }),
  }),
};
