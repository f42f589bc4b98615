import { SessionStore, type SessionStoreOptions } from '@session-stores/core';
import { onTestFinished, vi } from 'vitest';
import { LossyBackend } from './lossy-backend.js';
import { type loaded, made } from './requests.js';

export const minute = 60_000;
export const hour = 60 * minute;
export const day = 24 * hour;

/** A session of an hour in a store whose clock stands still until `later` moves it. */
export async function hourLong(cookie: object = { maxAge: hour }, options: SessionStoreOptions = {}) {
  vi.useFakeTimers({ toFake: ['Date'], now: 1_800_000_000_000 });
  onTestFinished(() => void vi.useRealTimers());
  const backend = new LossyBackend();
  const store = new SessionStore(backend, options);
  await store.set('a', made(store, 'a', { n: 1 }, cookie));
  return {
    backend,
    store,
    later: (ms: number) => vi.setSystemTime(Date.now() + ms),
    left: () => (backend.rows.get('a')?.expiresAt ?? Number.NaN) - Date.now(),
    writes: () => backend.calls.filter((call) => call.startsWith('write')).length,
  };
}

/** What express-session does with a session at the end of each request. */
export function ending(session: Awaited<ReturnType<typeof loaded>>): typeof session {
  session.cookie.maxAge = session.cookie.originalMaxAge as number;
  return session;
}
