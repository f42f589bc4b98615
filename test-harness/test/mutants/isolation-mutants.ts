import { memory } from './bases.js';
import type { Breakage, Methods, Mutant } from './mutant.js';

/** Whatever the name, it is one storage. */
const oneForAll: Pick<Breakage, 'how' | 'namespace'> = {
  how: 'has one storage for all names',
  namespace: () => 'the only one',
};

let storages = 0;
const cleared: Methods[] = [];

export const isolationMutants: Readonly<Record<string, Mutant>> = {
  'isolation/shared': memory({
    how: 'keeps its sessions to itself, although it says that it shares them',
    says: /got from the other\nExpected: 'ada'\nCame: undefined/,
    namespace: () => `storage ${storages++}`,
  }),
  'isolation/get': memory({
    ...oneForAll,
    says: /got it from the first\nExpected: 'ada'\nCame: 'eve'/,
  }),
  'isolation/destroy': memory({
    ...oneForAll,
    says: /got the other\nExpected: 'eve'\nCame: undefined/,
  }),
  'isolation/clear': memory({
    how: 'clears the sessions of every store that there is',
    says: /got `one` of the second\nExpected: 'eve'\nCame: undefined/,
    methods: (good) => {
      cleared.push(good);
      return { clear: async () => Promise.all(cleared.map((store) => store.clear())) };
    },
  }),
  'isolation/length': memory({ ...oneForAll, says: /the lengths\nExpected: \[ 1, 2 \]\nCame: \[ 2, 2 \]/ }),
  'isolation/all': memory({ ...oneForAll, says: /all of the first\nExpected: \[ 'ada' \]/ }),
  'isolation/ids': memory({ ...oneForAll, says: /Expected: \[ 'one' \]\nCame: \[ 'one', 'two' \]/ }),
};
