import type { SessionStore } from '@session-stores/core';
import session from 'express-session';

type Data = session.SessionData & Record<string, unknown>;

// biome-ignore lint/suspicious/noExplicitAny: what express-session does with a request, without the request
const { Cookie, Session } = session as any;

/** A session as express-session makes it for a request without a cookie. */
export function made(
  store: SessionStore,
  id: string,
  data: object,
  cookie: object = { maxAge: 60_000 },
): Data {
  store.generate = (request) => {
    request.sessionID = id;
    // biome-ignore lint/suspicious/noExplicitAny: see above
    (request as any).session = new Session(request);
    request.session.cookie = new Cookie(cookie);
  };
  // biome-ignore lint/suspicious/noExplicitAny: see above
  const request = { sessionStore: store } as any;
  store.generate(request);
  return Object.assign(request.session, data);
}

/** A session as a request with a cookie has it. */
export async function loaded(store: SessionStore, id: string): Promise<Data> {
  const data = await store.get(id);
  if (data === undefined) {
    throw new Error('there is no such session');
  }
  // biome-ignore lint/suspicious/noExplicitAny: see above
  return store.createSession({ sessionID: id, sessionStore: store } as any, data) as unknown as Data;
}

/** The data of a session, without its cookie. */
export async function sessionOf(
  store: SessionStore,
  id: string,
): Promise<Record<string, unknown> | undefined> {
  const found = await store.get(id);
  if (found === undefined) {
    return undefined;
  }
  const { cookie: _, ...data } = found as Data;
  return data;
}
