import type { Express, Request, Response } from 'express';
import type { Session } from 'express-session';
import { dataOf } from './calls.js';
import type { Gates } from './gates.js';

/** A session as the suite looks at it: anything may be in it. */
export type OpenSession = Session & Record<string, unknown>;

/** `req.session` with its data open to any name; `undefined` after a destroy, whatever its type says. */
export function sessionOf(request: Request): OpenSession {
  return request.session as OpenSession;
}

/** What a client sees of the session of its request. `data` is without the cookie. */
export interface SessionView {
  readonly id: string;
  readonly data: Record<string, unknown>;
  readonly cookie: { readonly expires: string | null; readonly originalMaxAge: number | null };
}

/** What a client is told of its logout. */
export interface Logout {
  readonly error: unknown;
  /** The callback's argument was exactly `null`. */
  readonly isNull: boolean;
  /** Inside the callback there was no `req.session`. */
  readonly without: boolean;
}

function view(request: Request): SessionView {
  const session = JSON.parse(JSON.stringify(request.session));
  return { id: request.sessionID, data: dataOf(session), cookie: session.cookie };
}

/** How the application tells a client about an error. */
export function described(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  return { name: error.name, message: error.message, code: (error as Error & { code?: unknown }).code };
}

/**
 * The routes of the test application. Bodies and answers are JSON; every answer shows the session as `SessionView`
 * unless it says otherwise.
 *
 * | route                            | does                                                                                |
 * | -------------------------------- | ----------------------------------------------------------------------------------- |
 * | GET  /session                    | shows it                                                                              |
 * | POST /login {user}               | sets `user`                                                                           |
 * | POST /write {key, value}         | sets a key                                                                            |
 * | POST /delete {key}               | deletes a key                                                                         |
 * | POST /slow/write {gate,key,value} | waits at the gate with the session loaded, then sets the key                         |
 * | POST /slow/read {gate}           | waits at the gate with the session loaded, then shows it                              |
 * | POST /save {key, value}          | sets a key, saves by hand; answers 200 or 503 with `error`                            |
 * | POST /slow/save {gate,key,value} | waits at the gate, then as /save                                                     |
 * | POST /max-age {maxAge}           | sets `cookie.maxAge` (ms) and nothing else                                            |
 * | POST /reload                     | reloads, then shows it, or answers 503 with `error`                                   |
 * | POST /regenerate {user?}         | regenerates, sets `user` in the new one; answers 503 with `error` on failure          |
 * | POST /slow/regenerate {gate}     | waits at the gate, then as /regenerate                                                |
 * | POST /logout                     | destroys; answers `Logout` with 200, or 503 where it failed                          |
 * | POST /slow/logout {gate}         | waits at the gate with the session loaded, then as /logout                            |
 * | POST /logout/redirect            | destroys without a callback and redirects at once to /session                         |
 * | POST /unset                      | sets `req.session` to null; answers `{}`                                              |
 */
export function addRoutes(app: Express, gates: Gates): void {
  const answer = (request: Request, response: Response) => response.json(view(request));
  const answered = (request: Request, response: Response) => (error: unknown) => {
    if (error) response.status(503).json({ error: described(error) });
    else answer(request, response);
  };
  const write = (request: Request) => {
    sessionOf(request)[request.body.key] = request.body.value;
  };
  const atGate = (request: Request) => gates.get(request.body.gate).pass();

  app.get('/session', answer);
  app.post('/login', (request, response) => {
    sessionOf(request).user = request.body.user;
    answer(request, response);
  });
  app.post('/write', (request, response) => {
    write(request);
    answer(request, response);
  });
  app.post('/delete', (request, response) => {
    delete sessionOf(request)[request.body.key];
    answer(request, response);
  });
  app.post('/slow/write', async (request, response) => {
    await atGate(request);
    write(request);
    answer(request, response);
  });
  app.post('/slow/read', async (request, response) => {
    await atGate(request);
    answer(request, response);
  });
  app.post(['/save', '/slow/save'], async (request, response) => {
    if (request.path === '/slow/save') await atGate(request);
    write(request);
    request.session.save(answered(request, response));
  });
  app.post('/max-age', (request, response) => {
    request.session.cookie.maxAge = request.body.maxAge;
    answer(request, response);
  });
  app.post('/reload', (request, response) => {
    request.session.reload(answered(request, response));
  });
  app.post(['/regenerate', '/slow/regenerate'], async (request, response) => {
    if (request.path === '/slow/regenerate') await atGate(request);
    request.session.regenerate((error) => {
      if (!error && request.body.user !== undefined) sessionOf(request).user = request.body.user;
      answered(request, response)(error);
    });
  });
  app.post(['/logout', '/slow/logout'], async (request, response) => {
    if (request.path === '/slow/logout') await atGate(request);
    request.session.destroy((error) => {
      const without = request.session === undefined;
      response
        .status(error ? 503 : 200)
        .json({ error: described(error ?? null), isNull: error === null, without });
    });
  });
  app.post('/logout/redirect', (request, response) => {
    (request.session.destroy as unknown as () => void)();
    response.redirect('/session');
  });
  app.post('/unset', (request, response) => {
    (request as { session: unknown }).session = null;
    response.json({});
  });
}
