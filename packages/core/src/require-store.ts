import type session from 'express-session';
import { checkNames, isObject, numberOf } from './check-options.js';
import { type ErrorCode, InvalidOptionError, SessionStoreError } from './errors.js';
import { ownStore } from './store.js';

type Middleware = ReturnType<typeof session>;
type Request = Parameters<Middleware>[0];

export interface RequireStoreOptions {
  /** The store that the middleware has: of session-stores or of anyone. */
  readonly store: session.Store;
  /** Seconds after which the client is told to try again (`Retry-After`). Default 5. */
  readonly retryAfter?: number | undefined;
}

/**
 * What the application's error handler gets instead of a session that could not be read. Express answers it, where no handler
 * does, with its `status` and `headers`.
 */
export class SessionUnavailableError extends SessionStoreError {
  override readonly name = 'SessionUnavailableError';
  readonly status = 503;
  readonly statusCode = 503;
  readonly headers: Readonly<Record<string, string>>;

  constructor(retryAfter: number, cause?: unknown) {
    super(
      'BACKEND_UNAVAILABLE',
      `The session of this request cannot be read, because ${cause === undefined ? 'the store is disconnected' : 'the store failed (the cause says why)'}`,
      cause === undefined ? undefined : { cause },
    );
    this.headers = { 'Retry-After': String(retryAfter) };
  }
}

/**
 * Wraps the middleware of express-session, so that no request goes on whose session could not be read: it gets a
 * `SessionUnavailableError` (status 503). And takes `req.sessionID` from it, because with `unset: 'destroy'` express-session
 * would, at the end of the response, destroy the session that it had failed to load.
 *
 * Throws `InvalidOptionError`.
 */
export function requireStore(middleware: Middleware, options: RequireStoreOptions): Middleware {
  const { store, retryAfter } = checked(middleware, options);
  // What express-session itself goes by, and tells nobody: while it is false, it passes requests on without a session.
  let connected = true;
  store.on('disconnect', () => {
    connected = false;
  });
  store.on('connect', () => {
    connected = true;
  });
  return (request, response, next) => {
    let began = false;
    middleware(request, response, (error?: unknown) => {
      // A second time it is called with what failed at the end of the response.
      if (began || request.session) {
        began = true;
        next(error);
        return;
      }
      began = true;
      Reflect.deleteProperty(request, 'sessionID');
      if (error) {
        next(isUnavailable(error, request) ? new SessionUnavailableError(retryAfter, error) : error);
      } else if (connected) {
        // The path of this request is not one that the cookie is for.
        next();
      } else {
        next(new SessionUnavailableError(retryAfter));
      }
    });
  };
}

function checked(middleware: Middleware, options: RequireStoreOptions) {
  if (typeof middleware !== 'function') {
    throw new InvalidOptionError('requireStore: pass the middleware that session({ store, … }) makes');
  }
  checkNames('requireStore', options, ['store', 'retryAfter']);
  const { store } = options;
  if (!isObject(store) || typeof store.on !== 'function' || typeof store.get !== 'function') {
    throw new InvalidOptionError(
      "requireStore: option 'store' must be the session store that the middleware has",
    );
  }
  const retryAfter = Math.ceil(numberOf('requireStore', 'retryAfter', options.retryAfter, 5, 0, 86_400));
  return { store, retryAfter };
}

const ofOneRecord: ReadonlySet<unknown> = new Set(['CORRUPT', 'CANNOT_DECRYPT', 'INVALID_ID']);

/** Told by code, and not by class: the store may come from another copy of this module. */
const ofOwnStorage: ReadonlySet<unknown> = new Set<ErrorCode>([
  'BACKEND_FAILED',
  'BACKEND_UNAVAILABLE',
  'CLOSED',
  'DELETIONS_FULL',
  'OVERLOADED',
  'TIMEOUT',
]);

/** Whether the storage failed, and not one record, the configuration or a function of the application. */
function isUnavailable(error: unknown, request: Request): boolean {
  if (request.sessionStore !== undefined && ownStore in request.sessionStore) {
    return error instanceof Error && ofOwnStorage.has((error as { code?: unknown }).code);
  }
  const { code, status, statusCode } = error as { code?: unknown; status?: unknown; statusCode?: unknown };
  const cameFromStore = request.sessionStore !== undefined;
  const isOwnAnswer = status !== undefined || statusCode !== undefined;
  return cameFromStore && !isOwnAnswer && !ofOneRecord.has(code) && !(error instanceof SyntaxError);
}
