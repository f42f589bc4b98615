import { memory } from './bases.js';
import { idsAs } from './broken-ways.js';
import type { Mutant } from './mutant.js';

export const idsMutants: Readonly<Record<string, Mutant>> = {
  'ids/not-a-string': memory({
    how: 'makes a string of everything',
    says: /Expected: an Error\nCame: success/,
    methods: idsAs((id) => String(id)),
  }),
  'ids/empty': memory({
    how: 'takes the empty id for one like any other',
    says: /Expected: an Error\nCame: success/,
    methods: idsAs((id) => `id ${id}`),
  }),
  'ids/too-long': memory({
    how: 'cuts ids to what fits',
    says: /Expected: an Error\nCame: success/,
    methods: idsAs((id) => id.slice(0, 512)),
  }),
  'ids/not-well-formed': memory({
    how: 'puts U+FFFD in the place of half a pair, as UTF-8 encoders do',
    says: /Expected: an Error\nCame: success/,
    methods: idsAs((id) => id.toWellFormed()),
  }),
  'ids/nul': memory({
    how: 'ends an id at U+0000, as C does',
    says: /Expected: an Error\nCame: success/,
    methods: idsAs((id) => id.split('\0')[0] || id),
  }),
  'ids/patterns': memory({
    how: 'destroys what matches the id as a pattern',
    says: /destroyed "\*", got "a\*"\n.*\nCame: undefined/,
    methods: (good) => ({
      destroy: async (id) => {
        const pattern = new RegExp(`^${id.replaceAll(/[^\w*]/g, '.').replaceAll('*', '.*')}$`, 'u');
        const all = (await good.ids()) as string[];
        await Promise.all(all.filter((other) => pattern.test(other)).map((other) => good.destroy(other)));
      },
    }),
  }),
  'ids/prefixes': memory({
    how: 'takes its prefix off an id that begins like it',
    says: /got "sess:a"\nExpected: 'sess:a'\nCame: 'sess:sess:a'/,
    methods: idsAs((id) => id.replace(/^(sess:)+(?=.)/, '')),
  }),
  'ids/property-names': memory({
    how: 'keeps sessions in a plain object',
    says: /destroyed "__proto__", got it\nExpected: undefined/,
    methods: () => {
      const sessions: Record<string, unknown> = {};
      return {
        get: async (id) => sessions[id] as never,
        set: async (id, session) => {
          sessions[id] = session;
        },
        destroy: async (id) => delete sessions[id],
      };
    },
  }),
  'ids/syntax': memory({
    how: 'runs what an id says as a part of its statement',
    says: /got "'; DROP TABLE sessions; --"\n.*\nCame: undefined/,
    methods: (good) => ({ destroy: async (id) => (/OR 1=1/.test(id) ? good.clear() : good.destroy(id)) }),
  }),
  'ids/values': memory({
    how: 'takes an id that looks like a number for that number',
    says: /got "0"/,
    methods: idsAs((id) => (Number.isNaN(Number(id)) ? id : String(Number(id)))),
  }),
  'ids/spaces': memory({
    how: 'compares ids as a collation that ignores case does',
    says: /got "a"\nExpected: 'a'\nCame: 'A'/,
    methods: idsAs((id) => id.toLowerCase()),
  }),
  'ids/languages': memory({
    how: 'keeps the low byte of each character',
    says: /Expected:/,
    methods: idsAs((id) => `id ${Buffer.from(id, 'latin1').toString('hex')}`),
  }),
  'ids/longest': memory({
    how: 'compares the first 255 characters',
    says: /got "x+\nExpected/,
    methods: idsAs((id) => [...id].slice(0, 255).join('')),
  }),
  'ids/cookie': memory({
    how: 'looks under the id that a URL would have meant',
    says: /logged in with such an id, came again/,
    methods: (good) => ({ get: async (id) => good.get(decodeURIComponent(id)) }),
  }),
};
