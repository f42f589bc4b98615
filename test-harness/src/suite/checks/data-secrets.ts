import { inspect } from 'node:util';
import { callbackOf, errorOf, newSession, set } from '../calls.js';
import type { Check } from '../check.js';
import { expectThat } from '../expectations.js';

const area = 'data';
const id = 'id-3f1c9a77';
const secret = 'secret-5b20e4d1';

/** Looks at everything that a logger would print: message, stack, properties and causes. */
function expectDiscreet(did: string, error: unknown): void {
  const printed = inspect(error, {
    depth: 12,
    showHidden: true,
    maxStringLength: null,
    maxArrayLength: null,
  });
  for (const [name, text] of [
    ['id', id],
    ['data', secret],
  ] as const) {
    const place = printed.split('\n').find((line) => line.includes(text));
    expectThat(place === undefined, did, `nothing of the session's ${name} in the error`, place);
  }
}

/** What ends up in logs. */
export const secretChecks: readonly Check[] = [
  {
    id: 'data/discreet',
    title: 'the errors of sessions that cannot be stored show neither their id nor their data',
    area,
    level: 'promise',
    needs: [],
    async run(trial) {
      const store = await trial.createStore();
      const circular: { self?: unknown; [secret]: true } = { [secret]: true };
      circular.self = circular;
      const error = await errorOf(store, 'set', id, newSession({ note: secret, circular }, 60_000));
      expectDiscreet('set a circular session', error);
      expectDiscreet('got an id that is refused', (await callbackOf(store, 'get', `${id}\u0000`))[0]);
    },
  },
  {
    id: 'data/discreet-corrupt',
    title: 'the error of a corrupt record shows neither its id nor what is stored',
    area,
    level: 'promise',
    needs: ['corrupt'],
    async run(trial) {
      const store = await trial.createStore();
      await set(store, id, newSession({ note: secret }, 60_000));
      await trial.supports.corrupt?.(id, trial.surroundings);
      expectDiscreet('got a corrupt record', await errorOf(store, 'get', id));
    },
  },
  {
    id: 'data/discreet-outage',
    title: 'the errors of an outage show neither the id nor the data of a session',
    area,
    level: 'promise',
    needs: ['network'],
    timeout: 90_000,
    async run(trial) {
      const store = await trial.createStore();
      await set(store, id, newSession({ note: secret }, 60_000));
      await trial.proxy.setMode('refuse');
      const [setting, getting] = await Promise.all([
        errorOf(store, 'set', id, newSession({ note: secret }, 60_000)),
        errorOf(store, 'get', id),
      ]);
      expectDiscreet('cut the network, set a session', setting);
      expectDiscreet('cut the network, got a session', getting);
    },
  },
];
