import type { Store } from 'express-session';
import type { FaultMode } from '../faults/fault-proxy.js';
import { newSession, set } from './calls.js';
import type { Trial } from './trial.js';
import { until } from './waiting.js';
import { answerLimit, WatchedCall } from './watched-call.js';

/** A store that has worked, whose network then fails in this way. */
export async function storeInOutage(trial: Trial, mode: FaultMode): Promise<Store> {
  const store = await trial.createStore();
  for (const id of ['one', 'two', 'three', 'four']) {
    await set(store, id, newSession({ user: 'ada' }, 600_000));
  }
  await trial.proxy.setMode(mode);
  return store;
}

/** Resolves when the network is mended and the store has noticed. */
export async function mend(trial: Trial, store: Store): Promise<void> {
  await trial.proxy.setMode('pass');
  const works = async () => {
    const call = new WatchedCall(store, 'get', 'another');
    return !(await call.within(answerLimit(trial.supports), 'mended the network')).error;
  };
  await until('mended the network, got a session', 'success', works, 30_000);
}
