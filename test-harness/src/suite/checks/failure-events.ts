import { inspect } from 'node:util';
import { newSession } from '../calls.js';
import { type Check, NotApplicable } from '../check.js';
import { loaded, save, sessionMaker } from '../direct-request.js';
import { expectThat } from '../expectations.js';
import type { Trial } from '../trial.js';
import { answerLimit, WatchedCall } from '../watched-call.js';

const area = 'failure';
const id = 'id-8d2e61b4';
const secret = 'secret-c07f93aa';

const events = [
  'created',
  'loaded',
  'saved',
  'touched',
  'destroyed',
  'dropped',
  'conflict',
  'retry',
  'gaveUp',
  'evicted',
  'breakerOpened',
  'breakerClosed',
  'storeError',
  'disconnect',
  'connect',
];

async function expectDiscreetEvents(trial: Trial, outage: boolean): Promise<void> {
  const store = await trial.createStore();
  const told: string[] = [];
  for (const name of events) {
    store.on(name, (...payload: unknown[]) => {
      told.push(`${name}: ${inspect(payload, { depth: 12, showHidden: true, maxStringLength: null })}`);
    });
  }
  await save(store, sessionMaker(store)(id, { note: secret }));
  const held = await loaded(store, id);
  if (told.length === 0) throw new NotApplicable('the store has no events about what sessions do');
  held.more = secret;
  if (outage) await trial.proxy.setMode('refuse');
  const did = 'saved, loaded, touched and destroyed a session, looked at the events';
  const circular: Record<string, unknown> = { [secret]: secret };
  circular.self = circular;
  const calls = [
    new WatchedCall(store, 'set', id, held),
    ...(store.touch === undefined ? [] : [new WatchedCall(store, 'touch', id, held)]),
    new WatchedCall(store, 'set', 'another', newSession({ note: secret, circular }, 60_000)),
    new WatchedCall(store, 'destroy', id),
    new WatchedCall(store, 'set', id, held),
  ];
  for (const call of calls) await call.within(answerLimit(trial.supports), did);
  for (const [what, text] of [
    ['id', id],
    ['data', secret],
  ] as const) {
    const telling = told.find((event) => event.includes(text));
    expectThat(telling === undefined, did, `nothing of the session's ${what} in an event`, telling);
  }
}

/** What whoever listens to a store gets to see. */
export const eventChecks: readonly Check[] = [
  {
    id: 'failure/discreet-events',
    title: 'no event of a store shows the id or the data of a session',
    area,
    level: 'promise',
    needs: [],
    run: (trial) => expectDiscreetEvents(trial, false),
  },
  {
    id: 'failure/discreet-events-in-outage',
    title: 'no event of a store in an outage shows the id or the data of a session',
    area,
    level: 'promise',
    needs: ['network'],
    timeout: 60_000,
    run: (trial) => expectDiscreetEvents(trial, true),
  },
];
