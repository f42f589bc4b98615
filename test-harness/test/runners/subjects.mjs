import { checks as all } from '@session-stores/test-harness';
import session from 'express-session';

const ids = [
  'destroy/data-gone',
  'destroy/twice',
  'destroy/logout-ends-the-data',
  'destroy/new-session',
  'destroy/absent',
  // Need a network, which the subject does not declare, and a method, which its stores turn out not to have.
  'destroy/second-try',
  'expiry/touch-extends',
];

export const checks = all.filter(({ id }) => ids.includes(id));

/** A store without touch; by the environment one that forgets to delete. */
export function create() {
  const store = new session.MemoryStore();
  store.touch = undefined;
  if (process.env.STORE_UNDER_TEST === 'forgetful') {
    store.destroy = (_id, callback) => callback && setImmediate(callback, null);
  }
  return store;
}
