import type { SessionBackend } from '@session-stores/core';
import { impatientRedis, memory, redis } from './bases.js';
import {
  leavesNoGraves,
  plain,
  remembersOwnDestroys,
  savesLater,
  setsBlindly,
  touchSetsBlindly,
} from './broken-ways.js';
import type { Breakage, Mutant } from './mutant.js';

const blind: Pick<Breakage, 'how' | 'methods'> = {
  how: 'saves a session whether or not it was destroyed meanwhile',
  methods: setsBlindly,
};

const blindWhenTouched: Pick<Breakage, 'how' | 'methods'> = {
  how: 'saves a session when it is touched, whether or not it was destroyed meanwhile',
  methods: touchSetsBlindly,
};

const withoutGraves: Pick<Breakage, 'how' | 'backend'> = {
  how: 'inserts a session that was destroyed when the insert arrives late',
  backend: leavesNoGraves,
};

function leavesNoGravesAfterClear(good: SessionBackend): Partial<SessionBackend> {
  const { remove } = leavesNoGraves(good);
  let isCleared = false;
  return {
    clear: async (context) => {
      isCleared = true;
      await good.clear?.(context);
    },
    remove: (removals, context) => (isCleared && remove ? remove : good.remove.bind(good))(removals, context),
  };
}

/** What others have written looks like another state of one's own session. */
function hidesBirths(good: SessionBackend): Partial<SessionBackend> {
  return {
    write: async (writes, context) => {
      const answers = await good.write(writes, context);
      return answers.map((answer, index) =>
        answer.status === 'conflict'
          ? { ...answer, current: { ...answer.current, birth: writes[index]?.birth } }
          : answer,
      );
    },
  };
}

export const resurrectionMutants: Readonly<Record<string, Mutant>> = {
  'resurrection/slow-write': memory({
    ...blind,
    says: /got the session from the store\nExpected: undefined/,
  }),
  'resurrection/slow-save': memory({ ...blind, says: /got the session from the store\nExpected: undefined/ }),
  'resurrection/resave': memory({ ...blind, says: /got the session from the store\nExpected: undefined/ }),
  'resurrection/rolling': memory({
    ...blindWhenTouched,
    says: /got the session from the store\nExpected: undefined/,
  }),
  'resurrection/slow-touch': memory({
    ...blindWhenTouched,
    says: /got the session from the store\nExpected: undefined/,
  }),
  'resurrection/regenerate': memory({
    ...blind,
    says: /got the session from the store\nExpected: undefined/,
  }),
  'resurrection/slow-regenerate': memory({
    how: 'takes the second destroy of a session for an error',
    says: /the status of the slow request\nExpected: 200\nCame: 503/,
    methods: (good) => ({
      destroy: async (id) => {
        if ((await good.get(id)) === undefined) throw new Error('no such session');
        await good.destroy(id);
      },
    }),
  }),
  'resurrection/save-in-flight': memory({
    how: 'sends saves later than it is asked to',
    says: /without waiting.*got (it|the session from the store)\nExpected: undefined/,
    methods: savesLater,
  }),
  'resurrection/no-cookie-accepted': memory({
    ...blind,
    says: /got the session from the store\nExpected: undefined/,
  }),
  'resurrection/id-given-again': memory({
    how: 'does not tell one session from the next under the same id',
    says: /the data of eve\nExpected: \{ user: 'eve' \}\nCame: \{ user: 'eve', note: 'of ada' \}/,
    backend: hidesBirths,
  }),
  'resurrection/held': memory({ ...blind, says: /by the loaded object, got it\nExpected: undefined/ }),
  'resurrection/held-touch': memory({
    ...blindWhenTouched,
    says: /by the loaded object, got it\nExpected: undefined/,
  }),
  'resurrection/never-saved': memory({ ...blind, says: /for the first time, got it\nExpected: undefined/ }),
  'resurrection/saved-then-held': memory({ ...blind, says: /the same object, got it\nExpected: undefined/ }),
  'resurrection/save-unawaited': memory({
    how: 'sends saves later than it is asked to',
    says: /counted the sessions alive[\s\S]*Expected: 0\nCame: 100/,
    methods: savesLater,
  }),
  'resurrection/other-store': memory({
    how: 'knows of the destroys of its own process only',
    says: /destroyed it by another store, saved it, got it\nExpected: undefined/,
    methods: remembersOwnDestroys,
  }),
  'resurrection/other-store-gave-it-again': memory({
    how: 'does not tell one session from the next under the same id',
    says: /Expected: \{ user: 'eve' \}\nCame: \{ user: 'eve', note: 'of ada' \}/,
    backend: hidesBirths,
  }),
  'resurrection/plain-object': memory({
    how: 'takes whatever is set under the id of a destroyed session for that session',
    says: /under its id, got it\nExpected: \{ user: 'eve' \}\nCame: undefined/,
    methods: remembersOwnDestroys,
  }),
  'resurrection/dropped-event': memory({
    how: 'does not tell of what it drops',
    says: /`dropped` events\nExpected: 1\nCame: 0/,
    raw: ({ store }) => {
      const emit = store.emit.bind(store);
      return { emit: (name: string, ...values: unknown[]) => name !== 'dropped' && emit(name, ...values) };
    },
  }),
  'resurrection/thousand-logouts': memory({
    how: 'looks whether a session is there before it saves it, and not while',
    says: /counted those alive\nExpected: 0\nCame: \d+/,
    methods: (good) => ({
      set: async (id, session) => {
        const isNew = session.before === undefined && session.meanwhile === undefined;
        if (!isNew && (await good.get(id)) === undefined) return;
        await good.set(id, plain(session));
      },
    }),
  }),
  'resurrection/hundred-logouts': memory({
    ...blind,
    says: /counted the sessions alive\nExpected: 0\nCame: \d+/,
  }),
  'resurrection/destroy-many': memory({ ...blind, says: /counted those alive\nExpected: 0\nCame: 100/ }),
  'resurrection/clear': memory({ ...blind, says: /counted those alive\nExpected: 0\nCame: 100/ }),
  'resurrection/other-process-destroys': redis({
    how: 'knows of the destroys of its own process only',
    says: /in another process, saved it, got it\nExpected: undefined/,
    methods: remembersOwnDestroys,
  }),
  'resurrection/other-process-saves': redis({
    how: 'saves a session whether or not another process has destroyed it',
    says: /saved it there, got it\nExpected: undefined/,
    inChildren: 'sets-blindly',
  }),
  'resurrection/thousand-logouts-in-three-processes': redis({
    how: 'saves a session whether or not another process has destroyed it',
    says: /counted those alive\nExpected: 0\nCame: \d+/,
    inChildren: 'sets-blindly',
  }),
  'resurrection/held-up-insert': redis({
    ...withoutGraves,
    says: /the save arrived, got it\nExpected: undefined/,
  }),
  'resurrection/held-up-insert-and-clear': redis({
    how: 'knows nothing any more of what it has sent when it is cleared, and so leaves no grave for it',
    says: /the save arrived, got it\nExpected: undefined\nCame: \{ user: 'ada' \}/,
    backend: leavesNoGravesAfterClear,
    settings: { operationTimeout: 4_000, retry: false },
    supports: { retries: false },
  }),
  'resurrection/repeated-insert': redis({
    ...withoutGraves,
    says: /delivered the save again( \(before that\))?, got it\nExpected: undefined/,
  }),
  'resurrection/repeated-update': redis({
    ...withoutGraves,
    says: /delivered the saves again, got it\nExpected: undefined/,
  }),
  'resurrection/read-on-the-wire': redis({
    how: 'answers with what a read brings that was sent before',
    says: /began another get of it\nExpected: undefined/,
    methods: (good) => {
      const running = new Map<string, ReturnType<typeof good.get>>();
      return {
        get: async (id) => {
          const reading = running.get(id) ?? good.get(id).finally(() => running.delete(id));
          running.set(id, reading);
          return reading;
        },
      };
    },
  }),
  'resurrection/failed-save': impatientRedis({
    ...blind,
    says: /saved it again, got it\nExpected: undefined/,
  }),
};
