import { setTimeout as wait } from 'node:timers/promises';
import type { SessionBackend, SessionStoreOptions } from '@session-stores/core';
import { memory, redis } from './bases.js';
import { plain, savesLater } from './broken-ways.js';
import type { Breakage, Methods, Mutant } from './mutant.js';

type Data = Record<string, unknown>;

/** Our store with another idea of what becomes of two changes of one session. */
const merging = (
  how: string,
  says: RegExp,
  onConflict: (base: Data, stored: Data, mine: Data) => unknown,
): Mutant => memory({ how, says, options: { onConflict } as SessionStoreOptions });

const lastWriterWins: Pick<Breakage, 'how' | 'options'> = {
  how: 'lets the last writer win, and nobody else',
  options: { onConflict: 'overwrite' },
};

/** Each key as the one who changed it has it; what is within a key is of no interest. */
function mergeKeys(base: Data, stored: Data, mine: Data): Data {
  const merged = { ...stored };
  for (const key of new Set([...Object.keys(base), ...Object.keys(mine)])) {
    if (JSON.stringify(base[key]) === JSON.stringify(mine[key])) continue;
    if (key in mine) merged[key] = mine[key];
    else delete merged[key];
  }
  return merged;
}

/** What the package deepmerge makes of arrays. */
function concatenate(base: Data, stored: Data, mine: Data): Data {
  const merged = mergeKeys(base, stored, mine);
  for (const [key, value] of Object.entries(mine)) {
    if (Array.isArray(value)) merged[key] = [...(stored[key] as unknown[]), ...value];
  }
  return merged;
}

/** What is left of a value for whoever knows objects and arrays only: of a date nothing. */
function copied(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(copied);
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, copied(each)]));
}

/** A touch of whatever is there by now. */
function touchesAnyRevision(good: SessionBackend): Partial<SessionBackend> {
  return {
    touch: async (touches, context) => {
      const answers = await good.touch(touches, context);
      return Promise.all(
        answers.map(async (answer, index) => {
          const touch = touches[index];
          if (answer.status !== 'changed' || touch === undefined) return answer;
          const again = { ...touch, revision: answer.current.revision };
          return (await good.touch([again], context))[0] ?? answer;
        }),
      );
    },
  };
}

/** `update` by a get and a set, between which anything can happen. */
const updatesInTwoSteps = (good: Methods): Partial<Methods> => ({
  update: async (id, change) => {
    const session = await good.get(id);
    if (session === undefined) return undefined;
    await change(session);
    await good.set(id, plain(session));
    return session;
  },
});

/** The same, one after the other in this store. */
const updatesUnderOwnLock = (good: Methods): Partial<Methods> => {
  const { update } = updatesInTwoSteps(good);
  let last: Promise<unknown> = Promise.resolve();
  return {
    update: (id, change) => {
      last = last.then(() => update?.(id, change));
      return last;
    },
  };
};

export const concurrencyMutants: Readonly<Record<string, Mutant>> = {
  'concurrency/three-requests': memory({
    ...lastWriterWins,
    says: /came again: the data\nExpected: \{[\s\S]*theme/,
  }),
  'concurrency/many-requests': memory({ ...lastWriterWins, says: /counted the keys\nExpected: 51\nCame: 2/ }),
  'concurrency/two-stores': memory({ ...lastWriterWins, says: /counted the keys\nExpected: 21\nCame: 2/ }),
  'concurrency/deep': merging(
    'merges keys as a whole',
    /Came: \{ cart: \{ tea: 1, box: [\s\S]* milk: 3 \} \}/,
    mergeKeys,
  ),
  'concurrency/array-untouched': merging(
    'appends one array to the other, even if they are the same',
    /Expected: \[ 1, 2, \{ three: 3 \} \]\nCame: \[ 1, 2, \{ three: 3 \}, 1, 2, \{ three: 3 \} \]/,
    concatenate,
  ),
  'concurrency/array-changed': merging(
    'appends one array to the other',
    /Came: \{ list: \[ 'tea', 'coffee', 'milk', 'tea', 'cake' \] \}/,
    concatenate,
  ),
  'concurrency/array-of-one': merging(
    'merges arrays place by place',
    /Came: \{[\s\S]*list: \[ 'tea', 'coffee', 'milk' \]/,
    (base, stored, mine) => {
      const list = Object.assign([], stored.list, mine.list);
      return { ...mergeKeys(base, stored, mine), list };
    },
  ),
  'concurrency/same-key': merging(
    'lets the first writer win',
    /Expected: \{ theme: 'blue' \}\nCame: \{ theme: 'dark' \}/,
    (_base, stored, mine) => ({ ...mine, ...stored }),
  ),
  'concurrency/deleted-key': merging(
    'merges two ways, so that a key which one has deleted comes back from the other',
    /Came: \{[\s\S]*flash: 'hello'/,
    (_base, stored, mine) => ({ ...stored, ...mine }),
  ),
  'concurrency/delete-later': merging(
    'merges two ways, so that nothing is ever deleted',
    /Came: \{[\s\S]*flash: 'hello'/,
    (_base, stored, mine) => ({ ...stored, ...mine }),
  ),
  'concurrency/two-saves': memory({
    ...lastWriterWins,
    says: /saved the first object again; got it[\s\S]*Came: \{ user: 'ada', first: true, second: true \}/,
  }),
  'concurrency/new-session-saved-again': memory({
    ...lastWriterWins,
    says: /saved the first object again; got it[\s\S]*Came: \{ user: 'ada', second: true \}/,
  }),
  'concurrency/spread-copy': memory({
    how: 'knows a session by its methods, which a copy has not',
    says: /mine: true \}; got it[\s\S]*Came: \{ user: 'ada', mine: true \}/,
    methods: (good) => ({
      set: async (id, session) => good.set(id, typeof session.save === 'function' ? session : plain(session)),
    }),
  }),
  'concurrency/plain-object': memory({
    how: 'merges a plain object into what is stored',
    says: /as a plain object; got it\nExpected: \{ user: 'eve' \}\nCame: \{ user: 'eve', theirs: true \}/,
    methods: (good) => ({
      set: async (id, session) =>
        good.set(id, typeof session.save === 'function' ? session : { ...(await good.get(id)), ...session }),
    }),
  }),
  'concurrency/dates-undamaged': memory({
    how: 'merges whatever is of type object, dates too',
    says: /a date\nExpected: 1580608922002\nCame: NaN/,
    methods: (good) => ({
      set: async (id, { cookie, ...data }) =>
        good.set(id, { ...(copied(data) as object), ...plain({ cookie } as never) }),
    }),
  }),
  'concurrency/cookie-and-data': merging(
    'takes the cookie of the last writer, who did not change it',
    /originalMaxAge\nExpected: about 24 h\nCame: 36\d+/,
    (base, stored, mine) => ({ ...mergeKeys(base, stored, mine), cookie: mine.cookie }),
  ),
  'concurrency/cookie-alone-and-data': merging(
    'takes the cookie of the last writer, who did not change it',
    /originalMaxAge\nExpected: about 24 h\nCame: 36\d+/,
    (base, stored, mine) => ({ ...mergeKeys(base, stored, mine), cookie: mine.cookie }),
  ),
  'concurrency/slow-touch': memory({
    how: 'touches whatever is there by now',
    says: /ms until expires\nExpected: about 60000/,
    backend: touchesAnyRevision,
  }),
  'concurrency/order-of-sets': memory({
    how: 'sends saves later than it is asked to',
    says: /fifty times set and got a session without waiting\nExpected: \[/,
    methods: savesLater,
  }),
  'concurrency/order-of-destroys': memory({
    how: 'sends destroys later than it is asked to',
    says: /set, destroyed, set without waiting, got it\nExpected: \{/,
    methods: (good) => ({
      destroy: async (id) => {
        await wait(20);
        await good.destroy(id);
      },
    }),
  }),
  'concurrency/update': memory({
    how: 'keeps what the function of update changes, and not what it returns',
    says: /returned another session in update: the answer\nExpected: 10\nCame: 2/,
    methods: (good) => ({
      update: async (id, change) =>
        good.update(id, async (session) => {
          await change(session);
        }),
    }),
  }),
  'concurrency/update-absent': memory({
    how: 'updates an empty session where there is none',
    says: /updated what is not there, counted the calls of the function\nExpected: 0\nCame: 2/,
    methods: (good) => ({
      update: async (id, change) => {
        if ((await good.get(id)) !== undefined) return good.update(id, change);
        await change({ cookie: {} } as never);
        return undefined;
      },
    }),
  }),
  'concurrency/update-throws': memory({
    how: 'takes an error of the function of update for a change',
    says: /threw in the function of update\nExpected: an Error\nCame: (null|undefined)/,
    methods: (good) => ({
      update: async (id, change) =>
        good.update(id, async (session) => {
          try {
            await change(session);
          } catch {}
        }),
    }),
  }),
  'concurrency/counter': memory({
    how: 'updates by a get and a set',
    says: /got the count\nExpected: 100\nCame: \d+/,
    methods: updatesInTwoSteps,
  }),
  'concurrency/counter-and-saves': memory({
    how: 'updates by a get and a set',
    says: /(the count|the keys)\nExpected: 20\nCame: \d+/,
    methods: updatesInTwoSteps,
  }),
  'concurrency/counter-of-stores': memory({
    how: 'updates by a get and a set, under a lock of its own process',
    says: /got the count\nExpected: 90\nCame: \d+/,
    methods: updatesUnderOwnLock,
  }),
  'concurrency/counter-of-processes': redis({
    how: 'updates by a get and a set, under a lock of its own process',
    says: /got the count\nExpected: 300\nCame: \d+/,
    inChildren: 'updates-in-two-steps',
  }),
  'concurrency/histories': memory({
    ...lastWriterWins,
    says: /Came: Session s\d+\.\d: no order of these calls explains what they were answered/,
  }),
};
