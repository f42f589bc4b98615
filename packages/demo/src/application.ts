import { fileURLToPath } from 'node:url';
import { type SessionStore, SessionStoreError } from '@session-stores/core';
import express, {
  type CookieOptions,
  type ErrorRequestHandler,
  type Express,
  type Request,
  type RequestHandler,
} from 'express';
import session from 'express-session';
import { accountRoutes } from './account.js';
import type { EventLog } from './event-log.js';
import { operatorRoutes } from './operator.js';
import { knownHostsOnly, sameOriginOnly } from './same-origin.js';
import { deviceOf } from './session-data.js';

export interface ApplicationOptions {
  readonly store: SessionStore;
  readonly events: EventLog;
  readonly secret: string;
  /** Ms. */
  readonly idleLimit: number;
  /** The host names that it answers to; without it, any. */
  readonly hosts?: readonly string[] | undefined;
}

/**
 * One browser has one cookie of a name and path. So that several sessions can be tried in one, the page exists several
 * times, as if on several devices: /device/1/ to /device/9/, each with a cookie of its own path.
 */
const cookieName = 'demo.sid';
const publicFolder = fileURLToPath(new URL('../public', import.meta.url));

export function createApplication(options: ApplicationOptions): Express {
  const app = express();
  app.disable('x-powered-by');
  app.use(knownHostsOnly(options.hosts), securityHeaders, sameOriginOnly);
  app.use(express.json({ limit: '10kb' }));
  app.get('/', (_request, response) => response.redirect('/device/1/'));
  app.use('/assets', express.static(publicFolder, { index: false }));
  app.use('/operator', uncached, operatorRoutes(options.store, options.events));
  app.use('/device', deviceRoutes(options));
  app.use((_request, response) => {
    response.status(404).json({ error: 'There is nothing here.', code: 'NOT_FOUND' });
  });
  app.use(errors);
  return app;
}

function deviceRoutes({ store, secret, idleLimit }: ApplicationOptions): express.Router {
  const router = express.Router();
  router.param('device', (_request, _response, next, device) =>
    next(/^[1-9]$/.test(device) ? null : 'router'),
  );
  router.get('/:device', (request, response) => {
    const page = pathOf(request);
    // The page's addresses are relative to a folder.
    if (request.originalUrl.startsWith(page)) response.sendFile('index.html', { root: publicFolder });
    else response.redirect(page);
  });
  router.use(
    '/:device/api',
    uncached,
    // One for all devices: a store knows only one maker of new sessions, that of the last session() it was given to.
    session({
      store,
      secret,
      name: cookieName,
      resave: false,
      saveUninitialized: false,
      // Every request moves the end: the idle time limit is the life of the session without any.
      rolling: true,
      cookie: (request) => ({ ...cookieOf(request), maxAge: idleLimit }),
    }),
    accountRoutes(cookieName, cookieOf),
  );
  return router;
}

/** What the cookie is set with, and therefore also what it has to be cleared with. */
function cookieOf(request: Request): CookieOptions & { readonly path: string } {
  // `secure` would be true behind TLS; the demo speaks plain HTTP to its own machine.
  return { path: pathOf(request), httpOnly: true, sameSite: 'lax', secure: false };
}

function pathOf(request: Request): string {
  return `/device/${deviceOf(request)}/`;
}

const securityHeaders: RequestHandler = (_request, response, next) => {
  response.set({
    'Content-Security-Policy':
      "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'same-origin',
  });
  next();
};

const uncached: RequestHandler = (_request, response, next) => {
  response.set('Cache-Control', 'no-store');
  next();
};

/** A store that fails is an outage, 503, and never "you are not logged in". */
const errors: ErrorRequestHandler = (error, _request, response, _next) => {
  const isStore = error instanceof SessionStoreError;
  const isRequest = typeof error?.status === 'number' && error.status < 500;
  if (!isStore && !isRequest) console.error(error);
  // A save that failed after the answer was sent: the store has told it as an event.
  if (response.headersSent) return;
  if (isRequest) response.status(error.status).json({ error: error.message, code: 'BAD_REQUEST' });
  else if (isStore) {
    response
      .status(503)
      .json({ error: `The sessions cannot be reached: ${error.message}`, code: error.code });
  } else response.status(500).json({ error: 'Something is wrong in the demo itself.', code: 'INTERNAL' });
};
