import session, { type SessionData, type Store } from 'express-session';
import { CheckFailure } from './check.js';
import type { Trial } from './trial.js';

/** Ms within which any call to a store has to call back where nothing is wrong with its server. */
const ANSWER_LIMIT = 20_000;

/** A session with anything in it. */
// biome-ignore lint/suspicious/noExplicitAny: a check looks into it and fails where it is otherwise
export type AnySession = SessionData & Record<string, any>;

/**
 * A session as express-session hands it to a store: data and a real cookie. Without `maxAge` (ms) the cookie has no
 * expiry.
 */
export function newSession(data: Record<string, unknown>, maxAge?: number): AnySession {
  // Its type leaves out that the constructor takes the cookie options.
  const Cookie = session.Cookie as unknown as new (options: object) => SessionData['cookie'];
  return { ...data, cookie: new Cookie(maxAge === undefined ? {} : { maxAge }) };
}

/** Calls a method of a store with a callback; resolves to the arguments of the callback, its error first. */
export function callbackOf(store: Store, method: string, ...args: unknown[]): Promise<unknown[]> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new CheckFailure(`store.${method}(…, callback)`, `an answer within ${ANSWER_LIMIT} ms`, 'none'));
    }, ANSWER_LIMIT);
    try {
      // Callback-only or not: a promise, too, must not go unhandled because of us.
      const returned = (store as unknown as Record<string, (...args: unknown[]) => unknown>)[method]?.(
        ...args,
        (...answer: unknown[]) => {
          clearTimeout(timer);
          resolve(answer);
        },
      );
      if (returned instanceof Promise) returned.catch(() => {});
    } catch (error) {
      clearTimeout(timer);
      reject(
        new CheckFailure(`store.${method}(…, callback)`, 'failures in the callback', `it threw ${error}`),
      );
    }
  });
}

/** The same, where the call has to succeed: resolves to its result. */
async function resultOf(store: Store, method: string, ...args: unknown[]): Promise<unknown> {
  const [error, result] = await callbackOf(store, method, ...args);
  if (error) throw new CheckFailure(`store.${method}(…, callback)`, 'success', `the error ${error}`);
  return result;
}

/** What the store has under this id: `undefined` where it has nothing, which `ENOENT` says too (express-session's README). */
export async function get(store: Store, id: string): Promise<AnySession | undefined> {
  const [error, session] = await callbackOf(store, 'get', id);
  if (!error) return (session as AnySession | null | undefined) ?? undefined;
  if ((error as { code?: unknown }).code === 'ENOENT') return undefined;
  throw new CheckFailure('store.get(…, callback)', 'success', `the error ${error}`);
}

/** The data of a session without its cookie, and without what a store may keep there for itself (`__lastAccess`). */
export function dataOf(session: object = {}): Record<string, unknown> {
  const own = Object.entries(session).filter(([key]) => key !== 'cookie' && !key.startsWith('__'));
  return Object.fromEntries(own);
}

export async function set(store: Store, id: string, value: SessionData): Promise<void> {
  await resultOf(store, 'set', id, value);
}

export async function destroy(store: Store, id: string): Promise<void> {
  await resultOf(store, 'destroy', id);
}

export async function touch(store: Store, id: string, value: SessionData): Promise<void> {
  await resultOf(store, 'touch', id, value);
}

export async function clear(store: Store): Promise<void> {
  await resultOf(store, 'clear');
}

export async function length(store: Store): Promise<number> {
  return (await resultOf(store, 'length')) as number;
}

/** The ids as the store lists them, in order of their characters; `listed` says how it lists those that are expected. */
export async function ids(store: Store): Promise<string[]> {
  return [...((await resultOf(store, 'ids')) as string[])].sort();
}

/** How the store lists the sessions of these ids, in order of their characters. */
export function listed({ supports }: Trial, ...ids: string[]): string[] {
  return ids.map((id) => supports.storedId?.(id) ?? id).sort();
}

/** All sessions as an array, whether the store answers with an array or, as MemoryStore does, with an object by id. */
export async function all(store: Store): Promise<AnySession[]> {
  return Object.values((await resultOf(store, 'all')) as AnySession[] | Record<string, AnySession>);
}

/** The error that a call answers with; fails the check where it succeeds. */
export async function errorOf(
  store: Store,
  method: string,
  ...args: unknown[]
): Promise<Error & { code?: unknown }> {
  const [error] = await callbackOf(store, method, ...args);
  if (error instanceof Error) return error;
  throw new CheckFailure(`store.${method}(…, callback)`, 'an Error', error ? `${error}` : 'success');
}
