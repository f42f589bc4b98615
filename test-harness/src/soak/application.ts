import express, { type ErrorRequestHandler, type Express, type RequestHandler, type Response } from 'express';
import session, { type Session, type Store } from 'express-session';
import { operatorRoutes } from './operator-routes.js';

/** What a session of the soak has in it. */
interface Content {
  user: number;
  /** Tells the logins of a user apart. */
  login: number;
  notes: Record<string, number>;
  count: number;
}

export type SoakSession = Session & Content;

/** The cookie of the session, as `name=` of it. */
export const cookieName = 'soak.sid';

/** Ms; longer than any soak. */
const lifetime = 24 * 3_600_000;

/**
 * An application as people write them: it logs in by `regenerate`, saves before it says that it has saved, and answers 503
 * where the store fails. Each answer about a session names its user and login, so that nobody gets that of another.
 */
export function soakApplication(store: Store, onSession: (session: Session) => void): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', 'simple');
  app.use('/operator', operatorRoutes(store));
  app.use(
    session({
      store,
      name: cookieName,
      secret: 'the soak',
      resave: false,
      saveUninitialized: false,
      cookie: { maxAge: lifetime },
    }),
    (request, _response, next) => {
      onSession(request.session);
      next();
    },
  );
  addRoutes(app, store);
  app.use(errors);
  return app;
}

function addRoutes(app: Express, store: Store): void {
  app.post('/login', (request, response) => {
    const { login: replaced } = request.session as SoakSession;
    request.session.regenerate((error) => {
      if (error) return refuse(response, error);
      const opened = request.session as SoakSession;
      const content: Content = { ...numbers(request.query, 'user', 'login'), notes: {}, count: 0 };
      Object.assign(opened, content);
      opened.save((failure) => respond(response, failure, opened, { id: request.sessionID, replaced }));
    });
  });

  app.get('/look', known, ({ session }, response) => {
    const { notes, count } = session as SoakSession;
    respond(response, undefined, session, { notes, count });
  });

  app.post('/write', known, ({ session, query }, response) => {
    put(session, query);
    session.save((error) => respond(response, error, session));
  });

  app.post('/slow', known, async ({ session, query }, response) => {
    await new Promise((resolve) => setTimeout(resolve, Number(query.wait)));
    put(session, query);
    // Without this express-session saves at the end of the response, and nobody hears of a failure.
    if (query.save === 'explicit') session.save((error) => respond(response, error, session));
    else respond(response, undefined, session);
  });

  app.post('/count', known, (request, response) => {
    const { session } = request;
    const addOne = (stored: Content): void => {
      stored.count += 1;
    };
    const { update } = store as unknown as { update: Update };
    update.call(store, request.sessionID, addOne, (error, updated) => {
      if (!error && updated === undefined) absent(response);
      else respond(response, error, session, { count: updated?.count });
    });
  });

  app.post('/logout', known, (request, response) => {
    const { session } = request;
    session.destroy((error) => respond(response, error, session));
  });
}

type Update = (
  id: string,
  change: (stored: Content) => void,
  callback: (error: unknown, updated?: Content) => void,
) => void;

/** Lets through who is logged in. */
const known: RequestHandler = ({ session }, response, next) => {
  if ((session as SoakSession).user === undefined) absent(response);
  else next();
};

/** Puts `value` under `key`, or takes the key away where there is no value. */
function put(session: Session, { key, value }: { key?: unknown; value?: unknown }): void {
  const { notes } = session as SoakSession;
  if (value === undefined) delete notes[String(key)];
  else notes[String(key)] = Number(value);
}

function numbers<Name extends string>(query: object, ...names: Name[]): Record<Name, number> {
  const values = query as Record<string, unknown>;
  return Object.fromEntries(names.map((name) => [name, Number(values[name])])) as Record<Name, number>;
}

function respond(response: Response, error: unknown, session: Session, more: object = {}): void {
  if (error) refuse(response, error, more);
  else {
    const { user, login } = session as SoakSession;
    response.json({ user, login, ...more });
  }
}

export function refuse(response: Response, error: unknown, more: object = {}): void {
  const { code, message } = Object(error) as { code?: unknown; message?: unknown };
  response.status(503).json({ ...more, error: code ?? message ?? `${error}` });
}

function absent(response: Response): void {
  response.status(401).json({ error: 'nobody is logged in' });
}

const errors: ErrorRequestHandler = (error, _request, response, _next) => {
  // A save at the end of a response that failed: the answer has gone out.
  if (!response.headersSent) refuse(response, error);
};
