import {
  InvalidOptionError,
  requireStore,
  SessionStore,
  SessionUnavailableError,
} from '@session-stores/core';
import express, { type ErrorRequestHandler, type Express } from 'express';
import session, { type SessionOptions, type Store } from 'express-session';
import { describe, expect, it, onTestFinished } from 'vitest';
import { browserAt } from '../../../test-harness/src/own-tests/browser.js';
import { LossyBackend } from './lossy-backend.js';

/** The store of express-session, which can be out of reach: what any store of anyone may be. */
class ForeignStore extends session.MemoryStore {
  failure: Error | undefined;
  override get(id: string, callback: Parameters<session.MemoryStore['get']>[1]): void {
    if (this.failure === undefined) super.get(id, callback);
    else setImmediate(callback, this.failure);
  }
}

const refused = (): Error => Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });

function applicationOf(middleware: express.RequestHandler, onError?: ErrorRequestHandler): Express {
  const app = express();
  app.set('env', 'test');
  app.use(middleware);
  app.get('/login', (request, response) => {
    Object.assign(request.session, { user: 'ann' });
    response.json('logged in');
  });
  app.get('/', (request, response) => {
    const { user } = (request.session ?? {}) as { user?: string };
    response.json({ user: user ?? null });
  });
  if (onError !== undefined) app.use(onError);
  return app;
}

/** What a browser at this application shows. */
async function visitorOf(app: Express) {
  const browser = await browserAt(app, onTestFinished);
  return async (path: string) => {
    const { status, text, headers } = await browser.go(path);
    return { status, text, retryAfter: headers.get('retry-after') };
  };
}

function sessionOf(store: Store, options: Partial<SessionOptions> = {}): express.RequestHandler {
  return session({ store, secret: 'of the test', resave: false, saveUninitialized: false, ...options });
}

const seen = { status: 200, text: '{"user":"ann"}', retryAfter: null };
const unseen = { status: 200, text: '{"user":null}', retryAfter: null };

describe('requireStore', () => {
  it('changes nothing while the store is there', async () => {
    const store = new ForeignStore();
    const go = await visitorOf(applicationOf(requireStore(sessionOf(store), { store })));
    expect(await go('/')).toEqual(unseen);
    expect((await go('/login')).status).toBe(200);
    expect(await go('/')).toEqual(seen);
  });

  it('answers 503 with Retry-After while a session cannot be read, and the session is there afterwards', async () => {
    const store = new ForeignStore();
    const go = await visitorOf(applicationOf(requireStore(sessionOf(store), { store, retryAfter: 7 })));
    await go('/login');
    store.failure = refused();
    const answer = await go('/');
    expect(answer).toMatchObject({ status: 503, retryAfter: '7' });
    store.failure = undefined;
    expect(await go('/')).toEqual(seen);
  });

  it('hands the error to the application, with the store’s own as its cause', async () => {
    const store = new ForeignStore();
    const errors: SessionUnavailableError[] = [];
    const onError: ErrorRequestHandler = (error, request, response, _next) => {
      errors.push(error);
      response
        .status(error.status)
        .set(error.headers)
        .json({ id: request.sessionID ?? null });
    };
    const go = await visitorOf(applicationOf(requireStore(sessionOf(store), { store }), onError));
    await go('/login');
    store.failure = refused();
    expect(await go('/')).toEqual({ status: 503, text: '{"id":null}', retryAfter: '5' });
    expect(errors).toMatchObject([
      { name: 'SessionUnavailableError', code: 'BACKEND_UNAVAILABLE', cause: store.failure },
    ]);
    expect(errors[0]).toBeInstanceOf(SessionUnavailableError);
  });

  describe("with unset: 'destroy'", () => {
    it.for([
      ['keeps the session that could not be read', true, seen],
      ['which express-session alone destroys', false, unseen],
    ] as const)('%s', async ([, wrapped, afterwards]) => {
      const store = new ForeignStore();
      const inner = sessionOf(store, { unset: 'destroy' });
      const go = await visitorOf(applicationOf(wrapped ? requireStore(inner, { store }) : inner));
      await go('/login');
      store.failure = refused();
      expect((await go('/')).status).toBe(wrapped ? 503 : 500);
      store.failure = undefined;
      expect(await go('/')).toEqual(afterwards);
    });

    it('lets the application destroy a session that could be read', async () => {
      const store = new ForeignStore();
      const app = express();
      app.use(requireStore(sessionOf(store, { unset: 'destroy' }), { store }));
      app.get('/logout', (request, response) => {
        request.session = null as never;
        response.json('logged out');
      });
      app.use(applicationOf((_request, _response, next) => next()));
      const go = await visitorOf(app);
      await go('/login');
      await go('/logout');
      expect(await go('/')).toEqual(unseen);
    });
  });

  describe('with a store that says that it is disconnected', () => {
    it.for([
      ['answers 503', true, { status: 503, retryAfter: '5' }],
      ['where express-session alone shows everybody as logged out', false, unseen],
    ] as const)('%s', async ([, wrapped, meanwhile]) => {
      const store = new ForeignStore();
      const inner = sessionOf(store);
      const go = await visitorOf(applicationOf(wrapped ? requireStore(inner, { store }) : inner));
      await go('/login');
      store.emit('disconnect');
      expect(await go('/')).toMatchObject(meanwhile);
      store.emit('connect');
      expect(await go('/')).toEqual(seen);
    });
  });

  it('lets requests through that the cookie is not for', async () => {
    const store = new ForeignStore();
    const inner = sessionOf(store, { cookie: { path: '/members' } });
    const go = await visitorOf(applicationOf(requireStore(inner, { store })));
    expect(await go('/')).toEqual(unseen);
  });

  it('leaves other errors as they are', async () => {
    const store = new ForeignStore();
    const go = await visitorOf(applicationOf(requireStore(sessionOf(store), { store })));
    await go('/login');
    for (const [failure, status] of [
      [new SyntaxError('Unexpected token'), 500],
      [Object.assign(new Error('corrupt'), { code: 'CORRUPT' }), 500],
      [Object.assign(new Error('slow down'), { status: 429 }), 429],
    ] as const) {
      store.failure = failure;
      expect((await go('/')).status).toBe(status);
    }
    const noSecret = await visitorOf(
      applicationOf(requireStore(sessionOf(store, { secret: undefined as never }), { store })),
    );
    expect(await noSecret('/')).toMatchObject({
      status: 500,
      text: expect.stringContaining('secret option required'),
    });
  });

  it('takes a bug of the application for no outage, with a store of ours', async () => {
    const backend = new LossyBackend();
    const store = new SessionStore(backend);
    const bug = new Error('bug in genid');
    let hasBug = false;
    const genid = (): string => {
      if (hasBug) throw bug;
      return 'an id';
    };
    const errors: unknown[] = [];
    const onError: ErrorRequestHandler = (error, _request, response, _next) => {
      errors.push(error);
      response.status(error.status ?? 500).json('failed');
    };
    const middleware = requireStore(sessionOf(store, { genid }), { store });
    const go = await visitorOf(applicationOf(middleware, onError));
    await go('/login');
    backend.fate = () => 'lose request';
    expect((await go('/')).status).toBe(503);
    backend.fate = () => 'deliver';
    expect(await go('/')).toEqual(seen);
    await store.clear();
    hasBug = true;
    expect((await go('/')).status).toBe(500);
    expect(errors).toEqual([expect.any(SessionUnavailableError), bug]);
  });

  it.for([
    ['a save', 'write', { n: 1 }],
    ["a destroy by unset: 'destroy'", 'remove', null],
  ] as const)('passes on that %s failed, at the end of the response', async ([, primitive, change]) => {
    const backend = new LossyBackend();
    const store = new SessionStore(backend);
    const failed = Promise.withResolvers<Error>();
    const app = express();
    app.use(requireStore(sessionOf(store, { unset: 'destroy' }), { store }));
    app.get('/', (request, response) => {
      if (change === null) request.session = null as never;
      else Object.assign(request.session, change);
      response.json('done');
    });
    app.use(((error, _request, _response, _next) => failed.resolve(error)) satisfies ErrorRequestHandler);
    app.use(applicationOf((_request, _response, next) => next()));
    const go = await visitorOf(app);
    await go('/login');
    backend.fate = (called) => (called === primitive ? 'lose request' : 'deliver');
    expect((await go('/')).status).toBe(200);
    expect(await failed.promise).toMatchObject({ name: 'BackendError', code: 'BACKEND_UNAVAILABLE' });
  });

  it('refuses what is no middleware and no store', () => {
    const store = new ForeignStore();
    const middleware = sessionOf(store);
    for (const [values, message] of [
      [[undefined, { store }], /pass the middleware/],
      [[middleware], /pass an object with options/],
      [[middleware, {}], /'store' must be/],
      [[middleware, { store, retryAfter: -1 }], /'retryAfter' must be/],
      [[middleware, { store, retry: 1 }], /unknown option 'retry'/],
    ] as const) {
      const make = () => requireStore(...(values as unknown as Parameters<typeof requireStore>));
      expect(make).toThrow(message);
      expect(make).toThrow(InvalidOptionError);
    }
  });
});
