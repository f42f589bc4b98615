import { memory } from './bases.js';
import { lifetimesAs, mapStore, plain, remembering } from './broken-ways.js';
import type { Breakage, Mutant } from './mutant.js';

/** The cookie says when the last write, not the last touch, would have let the session end. */
const showsExpiryOfLastSet: Breakage['methods'] = remembering((good, remembered) => ({
  get: async (id) => {
    const session = await good.get(id);
    const expires = remembered.get(id)?.cookie.expires;
    if (session !== undefined && expires) session.cookie.expires = expires;
    return session;
  },
}));

const tooLateIsDropped: Breakage['methods'] = (good) => ({
  set: async (id, session) => {
    await good.set(id, session).catch((error) => {
      if (error.code !== 'EXPIRED') throw error;
    });
  },
});

export const expiryMutants: Readonly<Record<string, Mutant>> = {
  'expiry/to-the-millisecond': memory({
    how: 'counts in whole seconds, and shows milliseconds',
    says: /ms after its end\nExpected: none\nCame: 'the session'/,
    backend: lifetimesAs((expiry) => ({ ...expiry, in: Math.ceil(expiry.in / 1_000) * 1_000 })),
    methods: showsExpiryOfLastSet,
  }),
  'expiry/not-returned': memory({
    how: 'lets no session live for less than a second',
    says: /got it after that time\nExpected: undefined/,
    backend: lifetimesAs((expiry) => ({ ...expiry, in: Math.max(expiry.in, 1_000) })),
  }),
  'expiry/not-in-all': memory({
    how: 'has expired sessions among all',
    says: /Expected: 1\nCame: 2/,
    methods: remembering((_good, remembered) => ({ all: async () => [...remembered.values()] })),
  }),
  'expiry/not-in-ids': memory({
    how: 'lists the ids of expired sessions',
    says: /Came: \[ 'expiring', 'lasting' \]/,
    methods: remembering((_good, remembered) => ({ ids: async () => [...remembered.keys()] })),
  }),
  'expiry/not-in-length': memory({
    how: 'counts expired sessions',
    says: /Expected: 1\nCame: 2/,
    methods: remembering((_good, remembered) => ({ length: async () => remembered.size })),
  }),
  'expiry/long': memory({
    how: 'expires by a timer, and those of Node fire at once beyond 24.8 days',
    says: /ten years, got it\nExpected: 'ada'\nCame: undefined/,
    backend: lifetimesAs((expiry) => ({ ...expiry, in: expiry.in > 2 ** 31 - 1 ? 1 : expiry.in })),
  }),
  'expiry/again': memory({
    how: 'adds to what is left of the expired one',
    says: /Came: \{ user: 'eve', cart: \[ 'tea' \] \}/,
    methods: remembering((good, remembered) => ({
      set: async (id, session) => {
        const left = remembered.get(id);
        remembered.set(id, plain(session));
        return good.set(id, { ...left, ...session });
      },
    })),
  }),
  'expiry/invalid-date': memory({
    how: 'takes an invalid date for none',
    says: /Expected: an Error\nCame: success/,
    methods: (good) => ({
      set: async (id, session) => {
        const isValid = !Number.isNaN(Date.parse(String(session.cookie.expires)));
        const cookie = { ...session.cookie, expires: isValid ? session.cookie.expires : null };
        return good.set(id, { ...session, cookie } as never);
      },
    }),
  }),
  'expiry/touch-extends': memory({
    how: 'does nothing when it is touched',
    says: /got it after its first end\nExpected: 'ada'\nCame: undefined/,
    methods: () => ({ touch: async () => {} }),
  }),
  'expiry/touch-is-shown': memory({
    how: 'shows the expiry that was written last',
    says: /touched a session with another expiry, got it/,
    methods: showsExpiryOfLastSet,
  }),
  'expiry/touch-writes-no-data': memory({
    how: 'sets the session when it is touched',
    says: /other data, got it\nExpected: \{ user: 'ada' \}\nCame: \{ user: 'eve'/,
    methods: (good) => ({ touch: async (id, session) => good.set(id, session) }),
  }),
  'expiry/touch-creates-nothing': memory({
    how: 'sets the session when it is touched',
    says: /never set, got it\nExpected: undefined/,
    methods: (good) => ({ touch: async (id, session) => good.set(id, session) }),
  }),
  'expiry/touch-too-late': memory({
    how: 'finds the expired record that nobody has swept yet, and extends it',
    says: /after its end, got it\nExpected: undefined/,
    methods: remembering((good, remembered) => ({
      touch: async (id, session) => {
        const record = remembered.get(id);
        if (record !== undefined) await good.set(id, { ...record, cookie: session.cookie });
      },
    })),
  }),
  'expiry/slow-touch': memory({
    how: 'puts in place whatever lifetime a touch brings',
    says: /the slow one ended: the expiry\nExpected: not before/,
    backend: lifetimesAs((expiry) => ({ ...expiry, exact: true })),
  }),
  'expiry/slow-write': memory({
    how: 'puts in place whatever lifetime a write brings',
    says: /the slow one ended: the expiry\nExpected: not before/,
    backend: lifetimesAs((expiry) => ({ ...expiry, exact: true })),
  }),
  'expiry/late-save': memory({
    how: 'drops what is saved too late, and says nothing',
    says: /Expected: one with the code EXPIRED/,
    methods: tooLateIsDropped,
  }),
  'expiry/late-write': memory({
    how: 'drops what is saved too late, and says nothing',
    says: /Expected: one with the code EXPIRED/,
    methods: tooLateIsDropped,
  }),
  'expiry/late-read': memory({
    how: 'fails to touch what is not there any more',
    says: /ended after its expiry: the errors\nExpected: \[\]/,
    methods: (good) => ({
      touch: async (id, session) => {
        if ((await good.get(id)) === undefined) throw new Error('no such session');
        await good.touch(id, session);
      },
    }),
  }),
  'expiry/save-after-touches': memory({
    how: 'keeps the expiry of touches beside the session, whose cookie says another, and takes that for true in a save',
    says: /saved, came again\nExpected: \{ user: 'ada', cart: \[ 'tea' \] \}\nCame: \{\}/,
    methods: mapStore((sessions) => ({
      set: async (id, session) => {
        if (Number(session.cookie.expires) < Date.now()) sessions.delete(id);
        else sessions.set(id, JSON.stringify(session));
      },
      touch: async () => {},
    })),
  }),
};
