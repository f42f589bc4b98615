import { setTimeout as wait } from 'node:timers/promises';
import type { Request } from 'express';
import type { Cookie } from 'express-session';
import { memory } from './bases.js';
import { alteringGet, cached, idsAs, lifetimesAs, mapStore, plain, remembering } from './broken-ways.js';
import type { Breakage, Callback, Mutant } from './mutant.js';

const day = 86_400_000;

/** What a store that forgets nothing about the cookie does not do. */
const firstCookieStays: Breakage['methods'] = remembering(
  (good, remembered) => ({
    set: async (id, session) => {
      const first = remembered.get(id) ?? plain(session);
      remembered.set(id, first);
      return good.set(id, { ...plain(session), cookie: first.cookie });
    },
  }),
  'first',
);

const emptyAreDropped: Breakage['methods'] = (good) => ({
  set: async (id, session) => (Object.keys(session).length > 1 ? good.set(id, session) : undefined),
});

/** `cookie` of what `get` answers, altered. */
const cookieWith = (alter: (cookie: Cookie) => void) => alteringGet(({ cookie }) => alter(cookie as Cookie));

export const expressMutants: Readonly<Record<string, Mutant>> = {
  'express/kept': memory({
    how: 'saves a session once only',
    says: /came again\n.*\nCame: \{ user: 'ada' \}/,
    methods: (good) => ({
      set: async (id, session) => ((await good.get(id)) === undefined ? good.set(id, session) : undefined),
    }),
  }),
  'express/apart': memory({
    how: 'has one session for everybody',
    says: /both logged in: who (ada|eve) is/,
    methods: idsAs(() => 'the only one'),
  }),
  'express/parallel-reads': memory({
    how: 'answers a read that comes during another with nothing',
    says: /fifty times at once/,
    methods: (good) => {
      let running = 0;
      return {
        get: async (id) => {
          if (running > 0) return undefined;
          running += 1;
          // Long enough for requests that come at once to come within it.
          await wait(50);
          running -= 1;
          return good.get(id);
        },
      };
    },
  }),
  'express/reload': memory({
    how: 'answers what it has read before',
    says: /before and after\nExpected: \[ 1, 2 \]\nCame: \[ 1, 1 \]/,
    methods: cached,
  }),
  'express/reload-gone': memory({
    how: 'answers what it has read before',
    says: /reloaded: an Error\nExpected: true\nCame: false/,
    methods: cached,
  }),
  'express/regenerate': memory({
    how: 'makes a new session and keeps the old one',
    says: /got the old session\nExpected: undefined/,
    raw: ({ store }) => ({
      regenerate(request: Request, callback: Callback) {
        store.generate(request);
        process.nextTick(callback);
      },
    }),
  }),
  'express/save': memory({
    how: 'says that it has saved before it has',
    says: /read in another\nExpected: 2\nCame: 1/,
    methods: (good) => ({
      set: async (id, session) => {
        if (session.step === 2) setTimeout(() => good.set(id, plain(session)), 2_000).unref();
        else await good.set(id, session);
      },
    }),
  }),
  'express/genid-again': memory({
    how: 'takes every session under an id that was destroyed for the destroyed one',
    says: /logged in as eve/,
    methods: (good) => {
      const destroyed = new Set<string>();
      return {
        set: async (id, session) => (destroyed.has(id) ? undefined : good.set(id, session)),
        destroy: async (id) => {
          destroyed.add(id);
          await good.destroy(id);
        },
      };
    },
  }),
  'express/unset-destroy': memory({
    how: 'destroys nothing',
    says: /set req\.session to null, got the session\nExpected: undefined/,
    methods: () => ({ destroy: async () => {} }),
  }),
  'express/unset-keep': memory({
    how: 'takes the session out when it is read, for the request to put it back',
    says: /set req\.session to null, came again\nExpected: \{ user: 'ada' \}\nCame: \{\}/,
    methods: mapStore((sessions) => ({
      get: async (id) => {
        const session = sessions.get(id);
        sessions.delete(id);
        return session === undefined ? undefined : JSON.parse(session);
      },
    })),
  }),
  'express/save-uninitialized': memory({
    how: 'does not keep a session with nothing in it',
    says: /came, got the session\nExpected: one\nCame: 'none'/,
    methods: emptyAreDropped,
  }),
  'express/not-save-uninitialized': memory({
    how: 'makes a session where there is none',
    says: /the session in the store\nExpected: undefined/,
    methods: (good) => ({
      get: async (id) => (await good.get(id)) ?? ({ cookie: { originalMaxAge: null, path: '/' } } as never),
    }),
  }),
  'express/resave': memory({
    how: 'counts the saves of a session within its data',
    says: /came six times\nExpected: \{ user: 'ada' \}\nCame: \{ user: 'ada', saves: \d \}/,
    methods: (good) => ({
      set: async (id, session) => good.set(id, { ...plain(session), saves: (session.saves ?? 0) + 1 }),
    }),
  }),
  'express/several-apps': memory({
    how: 'answers what it has read before',
    says: /logged out there: the data here\nExpected: \{\}\nCame: \{ user: 'ada' \}/,
    methods: cached,
  }),
  'express/cookie-without-expiry': memory({
    how: 'gives a cookie without an expiry that of the record',
    says: /expires and originalMaxAge\nExpected: \[ null, null \]/,
    methods: cookieWith((cookie) => {
      cookie.expires ??= new Date(Date.now() + day);
    }),
  }),
  'express/cookie-attributes': memory({
    how: 'does not know SameSite',
    says: /the attributes of the cookie\n[\s\S]*SameSite/,
    methods: cookieWith((cookie) => {
      delete cookie.sameSite;
    }),
  }),
  'express/cookie-function': memory({
    how: 'gives every cookie the lifetime that it was configured with',
    says: /originalMaxAge of the session that is there\nExpected: about 172800000 ms\nCame: 86400000/,
    methods: cookieWith((cookie) => {
      cookie.originalMaxAge = day;
    }),
  }),
  'express/max-age-with-data': memory({
    how: 'keeps the first cookie of a session',
    says: /came again: originalMaxAge\nExpected: about 2592000000 ms/,
    methods: firstCookieStays,
  }),
  'express/max-age-alone': memory({
    how: 'takes nothing but the expiry out of a touch',
    says: /originalMaxAge\nExpected: about 2592000000 ms/,
    methods: (good) => ({
      touch: async (id, session) => {
        const stored = await good.get(id);
        if (stored === undefined) return;
        stored.cookie.expires = session.cookie.expires ?? null;
        await good.touch(id, stored);
      },
    }),
  }),
  'express/max-age-shorter': memory({
    how: 'only ever extends a lifetime',
    says: /got the session after that time\nExpected: undefined/,
    backend: lifetimesAs((expiry) => ({ ...expiry, exact: false })),
  }),
  'express/cookie-to-session-length': memory({
    how: 'keeps the first cookie of a session',
    says: /cookie\.expires\nExpected: null/,
    methods: firstCookieStays,
  }),
  'express/rolling': memory({
    how: 'shows as the lifetime what is left of the last one',
    says: /Expires of the cookie\nExpected: a day from now/,
    methods: cookieWith((cookie) => {
      cookie.originalMaxAge = 1_000;
    }),
  }),
};
