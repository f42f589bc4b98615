import { SessionStore } from '@session-stores/core';
import express, { type Request, type Response } from 'express';
import session from 'express-session';
import { describe, expect, it, onTestFinished } from 'vitest';
import { browserAt } from '../../../test-harness/src/own-tests/browser.js';
import { LossyBackend } from './lossy-backend.js';

type Handler = (
  request: Request & { session: session.Session & Record<string, unknown> },
  response: Response,
) => void;

/** An Express application with these routes, and a browser that keeps its cookie. */
async function application(routes: Record<string, Handler>, options: Partial<session.SessionOptions> = {}) {
  const backend = new LossyBackend();
  const store = new SessionStore(backend);
  const app = express();
  app.set('env', 'test');
  app.use(
    session({
      store,
      secret: 'of the test',
      resave: false,
      saveUninitialized: false,
      cookie: { maxAge: 60_000 },
      ...options,
    }),
  );
  for (const [path, handler] of Object.entries(routes)) {
    app.get(`/${path}`, handler as never);
  }
  const browser = await browserAt(app, onTestFinished);
  const go = async (path: string): Promise<{ status: number; body: unknown; setCookie: string | null }> => {
    const { status, text, headers } = await browser.go(`/${path}`);
    const isFine = status >= 200 && status < 300;
    return { status, body: isFine ? JSON.parse(text) : text, setCookie: headers.get('set-cookie') };
  };
  const events: string[] = [];
  for (const name of ['created', 'saved', 'touched', 'destroyed', 'dropped'] as const) {
    store.on(name, () => events.push(name));
  }
  return { backend, store, go, events, cookie: () => browser.cookie };
}

const login: Handler = (request, response) => {
  request.session.user = 'ann';
  response.json('logged in');
};
const show: Handler = (request, response) => {
  const { cookie: _, ...data } = request.session;
  response.json({ ...data, id: request.sessionID });
};

describe('an Express application', () => {
  it('does not let a request that is still running bring a session back after logout', async () => {
    let finish = (): void => {};
    let running = (): void => {};
    const isRunning = new Promise<void>((resolve) => {
      running = resolve;
    });
    const { go, backend, events } = await application(
      {
        login,
        show,
        slow: (request, response) => {
          running();
          finish = () => {
            request.session.late = true;
            response.json('done');
          };
        },
        logout: (request, response) => request.session.destroy((error) => response.json(error)),
      },
      { resave: true, rolling: true },
    );
    await go('login');
    const slow = go('slow');
    await isRunning;
    expect((await go('logout')).body).toBeNull();
    finish();
    expect((await slow).body).toBe('done');
    expect(backend.rows.size).toBe(0);
    expect(events).toContain('dropped');
    expect((await go('show')).body).not.toHaveProperty('user');
  });

  it('can reload a session, and save the reloaded one', async () => {
    const { go, store } = await application({
      login,
      show,
      reload: async (request, response) => {
        await store.update(request.sessionID, (other) => void Object.assign(other, { theirs: 1 }));
        request.session.mine = 'discarded by the reload';
        request.session.reload(() => {
          request.session.mine = 'after the reload';
          response.json(request.session.theirs);
        });
      },
    });
    await go('login');
    expect((await go('reload')).body).toBe(1);
    expect((await go('show')).body).toMatchObject({ user: 'ann', theirs: 1, mine: 'after the reload' });
  });

  it('can regenerate a session: the old one is gone for good, the new one is saved', async () => {
    const { go, backend } = await application({
      login,
      show,
      regenerate: (request, response) => {
        request.session.regenerate(() => {
          request.session.user = 'bob';
          response.json(request.sessionID);
        });
      },
    });
    await go('login');
    const [old] = backend.rows.keys();
    const { body } = await go('regenerate');
    expect(body).not.toBe(old);
    expect([...backend.rows.keys()]).toEqual([body]);
    expect((await go('show')).body).toEqual({ id: body, user: 'bob' });
  });

  it('destroys the session that a request unsets, with unset: destroy', async () => {
    const { go, backend, events } = await application(
      {
        login,
        unset: (request, response) => {
          delete (request as Partial<typeof request>).session;
          response.json('gone');
        },
      },
      { unset: 'destroy' },
    );
    await go('login');
    await go('unset');
    expect(backend.rows.size).toBe(0);
    expect(events).toEqual(['created', 'destroyed']);
  });

  it('that saves on every request writes no data of an unchanged session: resave becomes a touch', async () => {
    const { go, backend, events } = await application({ login, show }, { resave: true });
    await go('login');
    backend.calls.length = 0;
    await go('show');
    await go('show');
    expect(events).toEqual(['created', 'touched', 'touched']);
    expect(backend.calls.filter((call) => call.startsWith('write'))).toEqual([]);
  });

  it('keeps the changes of parallel requests', async () => {
    let waiting: (() => void)[] = [];
    const { go } = await application({
      login,
      show,
      ...Object.fromEntries(
        ['one', 'two', 'three'].map((key): [string, Handler] => [
          key,
          (request, response) => {
            request.session[key] = true;
            waiting.push(() => response.json('done'));
            if (waiting.length === 3) {
              for (const answer of waiting) {
                answer();
              }
              waiting = [];
            }
          },
        ]),
      ),
    });
    await go('login');
    await Promise.all([go('one'), go('two'), go('three')]);
    expect((await go('show')).body).toMatchObject({ user: 'ann', one: true, two: true, three: true });
  });

  it('saves a lifetime that is the only change of a request, and sends the cookie with it', async () => {
    const { go, backend } = await application(
      {
        login,
        show,
        remember: (request, response) => {
          request.session.cookie.maxAge = 30 * 86_400_000;
          response.json('remembered');
        },
      },
      { rolling: true },
    );
    await go('login');
    await go('remember');
    const [row] = backend.rows.values();
    expect((row?.expiresAt ?? 0) - Date.now()).toBeGreaterThan(29 * 86_400_000);
    const { setCookie } = await go('show');
    const expires = new Date(/Expires=([^;]+)/.exec(setCookie ?? '')?.[1] ?? '').getTime();
    expect(expires - Date.now()).toBeGreaterThan(29 * 86_400_000);
  });

  it('works with a cookie without an expiry, and with a function for its options', async () => {
    for (const cookie of [{}, () => ({ path: '/', httpOnly: true, maxAge: null })]) {
      const { go } = await application({ login, show }, { cookie: cookie as never });
      const { setCookie } = await go('login');
      expect(setCookie).not.toContain('Expires');
      expect((await go('show')).body).toMatchObject({ user: 'ann' });
      expect((await go('show')).body).toMatchObject({ user: 'ann' });
    }
  });

  it('whose genid repeats an id after a destroy gets a new session under it', async () => {
    const { go } = await application(
      {
        login,
        show,
        logout: (request, response) => request.session.destroy(() => response.json('bye')),
      },
      { genid: () => 'always the same', saveUninitialized: true },
    );
    await go('login');
    await go('logout');
    expect((await go('show')).body).toEqual({ id: 'always the same' });
    await go('login');
    expect((await go('show')).body).toEqual({ id: 'always the same', user: 'ann' });
  });

  it('can tell that a session was not destroyed, and that a second try did it', async () => {
    const { go, backend } = await application({
      login,
      logout: (request, response) => {
        const { sessionID, sessionStore } = request;
        sessionStore.destroy(sessionID, (error) => response.status(error ? 503 : 200).json(null));
      },
    });
    await go('login');
    backend.fate = (primitive) => (primitive === 'remove' ? 'lose request' : 'deliver');
    expect((await go('logout')).status).toBe(503);
    backend.fate = () => 'deliver';
    expect((await go('logout')).status).toBe(200);
    expect(backend.rows.size).toBe(0);
  });

  it('answers 500 in an outage, and does not take the user for a stranger', async () => {
    const { go, backend } = await application({ login, show });
    await go('login');
    backend.fate = () => 'fail for good';
    expect((await go('show')).status).toBe(500);
    backend.fate = () => 'deliver';
    expect((await go('show')).body).toMatchObject({ user: 'ann' });
  });
});
