import type { Request } from 'express';
import session, { type Store } from 'express-session';
import { type AnySession, callbackOf } from './calls.js';
import { CheckFailure } from './check.js';
import { until } from './waiting.js';

/** `req.session` of a request that never went over HTTP: what express-session makes and hands to a store. */
export type RequestSession = AnySession & { readonly id: string };

/**
 * What begins a session in `store` as express-session does for a new visitor: the session is made by `generate`, its id
 * is the given one, its cookie lives for `maxAge` ms, and it is not saved yet.
 */
export function sessionMaker(
  store: Store,
  maxAge = 600_000,
): (id: string, data?: Record<string, unknown>) => RequestSession {
  let next = '';
  session({
    store,
    secret: 'the suite',
    resave: false,
    saveUninitialized: false,
    genid: () => next,
    cookie: { maxAge },
  });
  return (id, data = {}) => {
    next = id;
    const request = { sessionStore: store } as unknown as Request;
    (store as Express.SessionStore).generate(request);
    return Object.assign(request.session as unknown as RequestSession, data);
  };
}

/** `req.session` of another request of this id, as express-session loads it; fails the check where there is none. */
export async function loaded(store: Store, id: string): Promise<RequestSession> {
  const [error, found] = await callbackOf(store, 'load', id);
  if (error) throw new CheckFailure('loaded a session for a request', 'the session', `the error ${error}`);
  if (!found) throw new CheckFailure('loaded a session for a request', 'the session', 'none');
  return found as RequestSession;
}

/** `req.session.save()`; resolves to its error, if there was one. */
export async function saveError(store: Store, saved: RequestSession): Promise<unknown> {
  return (await callbackOf(store, 'set', saved.id, saved))[0] ?? undefined;
}

/** `req.session.save()`, where that has to succeed. */
export async function save(store: Store, saved: RequestSession): Promise<void> {
  const error = await saveError(store, saved);
  if (error) throw new CheckFailure('saved the session of a request', 'success', `the error ${error}`);
}

/**
 * Destroys a session, and again until that succeeds: after an outage, which a driver takes its time to notice the end of,
 * answering with errors until then.
 */
export async function destroyAtLast(store: Store, id: string, did: string): Promise<void> {
  const destroyed = async () => !(await callbackOf(store, 'destroy', id))[0];
  await until(did, 'a destroy that succeeds', destroyed, 20_000);
}

/** The data of a session without its cookie; `undefined` where there is no session. */
export function dataOf(found: AnySession | undefined): Record<string, unknown> | undefined {
  if (found === undefined) return undefined;
  const { cookie: _cookie, ...data } = found;
  return data;
}
