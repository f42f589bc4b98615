import { type CookieOptions, type Request, Router } from 'express';
import { deviceOf, sessionView } from './session-data.js';

const goods = ['Tea', 'Bread', 'Apples', 'Chocolate'] as const;

/** Logging in, the cart, and logging out, in the session of the request. `cookieOf`: what the session's cookie was set with. */
export function accountRoutes(cookieName: string, cookieOf: (request: Request) => CookieOptions): Router {
  const router = Router();

  router.get('/session', (request, response) => {
    response.json(sessionView(request));
  });

  router.post('/login', (request, response, next) => {
    const user: unknown = request.body?.user;
    if (typeof user !== 'string' || user.trim() === '' || user.trim().length > 40) {
      response.status(400).json({ error: 'Please give a name of 1 to 40 characters.', code: 'NO_NAME' });
      return;
    }
    // A new id for a new login: whoever planted the old one in this browser (session fixation) has nothing.
    request.session.regenerate((failure) => {
      if (failure) return next(failure);
      Object.assign(request.session, {
        user: user.trim(),
        loggedInAt: Date.now(),
        cart: {},
        device: deviceOf(request),
      });
      // Saved before the answer, so that a login that could not be saved is not reported as one.
      request.session.save((error) => (error ? next(error) : response.json(sessionView(request))));
    });
  });

  router.post('/cart', (request, response) => {
    const item = goods.find((name) => name === request.body?.item);
    if (request.session.user === undefined) {
      response.status(401).json({ error: 'You are not logged in any more.', code: 'NOT_LOGGED_IN' });
    } else if (item === undefined) {
      response.status(400).json({ error: `There are ${goods.join(', ')}.`, code: 'NO_SUCH_ITEM' });
    } else {
      request.session.cart ??= {};
      request.session.cart[item] = (request.session.cart[item] ?? 0) + 1;
      response.json(sessionView(request));
    }
  });

  router.post('/logout', (request, response) => {
    request.session.destroy((error) => {
      if (error) {
        // The session may still be alive, so nobody may be told otherwise; the cookie stays for the next try.
        response.status(503).json({
          error: 'You could not be logged out, please try again. The store goes on trying as well.',
          code: (error as NodeJS.ErrnoException).code,
        });
        return;
      }
      // A browser forgets a cookie only if path, domain and the rest are those that it was set with.
      response
        .clearCookie(cookieName, cookieOf(request))
        .json({ user: null, loggedInAt: null, cart: {}, record: null });
    });
  });

  return router;
}
