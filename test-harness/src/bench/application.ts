import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import express from 'express';
import session, { type Store } from 'express-session';
import { sessionData } from './session-data.js';

/** Bytes of a session of the application. */
const size = 500;

/** Serves an application with logins on a free port of 127.0.0.1 and resolves to the port. */
export async function serve(store: Store): Promise<number> {
  const app = express();
  app.disable('x-powered-by');
  app.set('etag', false);
  app.use(
    session({
      store,
      secret: 'the benchmark',
      resave: false,
      saveUninitialized: false,
      cookie: { maxAge: 600_000, httpOnly: true, sameSite: 'lax' },
    }),
  );
  let logins = 0;
  app.post('/login', (request, response) => {
    Object.assign(request.session, sessionData(size, ++logins));
    response.send('in');
  });
  // One request that reads its session, and at the end touches it; and one that changes it.
  app.get('/visit', (request, response) => {
    response.status(counterOf(request.session) === undefined ? 401 : 200).send('seen');
  });
  app.post('/change', (request, response) => {
    const counter = counterOf(request.session);
    if (counter !== undefined) Object.assign(request.session, { counter: counter + 1 });
    response.status(counter === undefined ? 401 : 200).send('done');
  });
  app.post('/logout', (request, response, next) => {
    const isIn = counterOf(request.session) !== undefined;
    request.session.destroy((error) => (error ? next(error) : response.status(isIn ? 200 : 401).send('out')));
  });
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

function counterOf(requestSession: object): number | undefined {
  return (requestSession as { counter?: number }).counter;
}
