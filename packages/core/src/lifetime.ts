import type { Expiry } from './backend.js';
import { SessionStoreError } from './errors.js';

/** The attributes of a session's cookie, as `Cookie.data` of express-session or a serializer gives them. */
export type CookieData = Readonly<Record<string, unknown>>;

/** The cookie of a session in whatever form: a `Cookie` of express-session, a plain object, or none. */
export function cookieDataOf(session: object): CookieData | undefined {
  const cookie = (session as { cookie?: unknown }).cookie;
  if (typeof cookie !== 'object' || cookie === null) {
    return undefined;
  }
  const { toJSON } = cookie as { toJSON?: unknown };
  if (typeof toJSON === 'function') {
    return toJSON.call(cookie) as CookieData;
  }
  const { maxAge, ...attributes } = cookie as { maxAge?: unknown; originalMaxAge?: unknown };
  if (typeof maxAge === 'number' && 'originalMaxAge' in attributes) {
    // Set on what `get` or `update` gave, which is no `Cookie` that would do the same.
    return { ...attributes, originalMaxAge: maxAge, expires: new Date(Date.now() + maxAge) };
  }
  return { ...cookie };
}

/**
 * How long the session is meant to live from each request on, in ms; `null`: until the browser closes. `NaN`: an expiry
 * was set without it, which differs from every other lifetime.
 */
function lifetimeOf(cookie: CookieData | undefined): number | null {
  const maxAge = cookie?.originalMaxAge ?? cookie?.maxAge;
  if (typeof maxAge === 'number') {
    return maxAge;
  }
  return cookie?.expires ? Number.NaN : null;
}

/**
 * Whether a request changed the cookie's lifetime. `originalMaxAge` drifts by the time between two readings of the clock
 * (`Cookie.expires` recomputes it), so a second, or a tenth of a short lifetime, counts as equal.
 */
export function lifetimeDiffers(before: CookieData | undefined, after: CookieData | undefined): boolean {
  const from = lifetimeOf(before);
  const to = lifetimeOf(after);
  if (from === null || to === null) {
    return from !== to;
  }
  if (Number.isNaN(from) && Number.isNaN(to)) {
    return false;
  }
  return !(Math.abs(from - to) <= Math.min(1000, Math.abs(from) / 10));
}

/** When the cookie says that the session ends, in epoch ms; `null`: it does not say, or not so that it could be understood. */
export function endOf(cookie: CookieData | undefined): number | null {
  const expires = cookie?.expires;
  const at =
    expires instanceof Date || typeof expires === 'string' ? new Date(expires).getTime() : Number.NaN;
  return Number.isNaN(at) ? null : at;
}

/** Whether an expiry was set and no lifetime, as in a plain object `{ cookie: { expires } }`. */
export function hasOnlyExpires(cookie: CookieData | undefined): boolean {
  return Number.isNaN(lifetimeOf(cookie));
}

/** When the cookie says that the session ends, in epoch ms; `undefined`: it does not say. Throws `INVALID_SESSION`. */
function expiresOf(cookie: CookieData | undefined, now: number): number | undefined {
  const expires = cookie?.expires;
  if (expires instanceof Date || typeof expires === 'string') {
    const at = new Date(expires).getTime();
    if (Number.isNaN(at)) {
      throw new SessionStoreError(
        'INVALID_SESSION',
        'cookie.expires of this session is not a valid date; set cookie.maxAge in ms, or cookie.expires to a Date',
      );
    }
    return at;
  }
  if (expires !== undefined && expires !== null && expires !== false) {
    throw new SessionStoreError(
      'INVALID_SESSION',
      `cookie.expires of this session is of type ${typeof expires}; set it to a Date, or set cookie.maxAge in ms`,
    );
  }
  return typeof cookie?.maxAge === 'number' ? now + cookie.maxAge : undefined;
}

/** The cookies that decide about an expiry: as the request got it, as it left it, and as it is stored now. */
export interface Cookies {
  /** `undefined`: the session is new, or replaced as a whole. */
  readonly base: CookieData | undefined;
  readonly mine: CookieData | undefined;
  readonly stored: CookieData | undefined;
  readonly isNew: boolean;
}

/** What a write of a session does to its expiry: a way to tell it anew at each attempt, or that the session is to end. */
export type Deadline = { readonly expiry: () => Expiry } | 'ends';

/**
 * Only a request that changed the cookie's lifetime sets the expiry outright; every other one can only extend it, and by
 * the lifetime that another request may have set meanwhile. Throws `INVALID_SESSION` for an expiry that is no date.
 */
export function deadlineOf(cookies: Cookies, defaultMaxAge: number): Deadline {
  const { base, mine, stored, isNew } = cookies;
  const outright = isNew || lifetimeDiffers(base, mine);
  if (!outright && stored !== undefined && lifetimeDiffers(base, stored)) {
    const lifetime = lifetimeOf(stored);
    return lasting(lifetime === null || Number.isNaN(lifetime) ? defaultMaxAge : lifetime);
  }
  const expires = expiresOf(mine, Date.now());
  if (expires === undefined) {
    return outright ? { expiry: () => ({ in: defaultMaxAge, exact: true }) } : lasting(defaultMaxAge);
  }
  const lifetime = lifetimeOf(mine);
  const endsNow = lifetime === null || Number.isNaN(lifetime) ? expires <= Date.now() : lifetime <= 0;
  if (outright && endsNow) {
    return 'ends';
  }
  return {
    expiry: () => {
      const left = expires - Date.now();
      if (outright && left <= 0) {
        throw expired();
      }
      return { in: left, exact: outright };
    },
  };
}

function lasting(milliseconds: number): Deadline {
  return { expiry: () => ({ in: milliseconds, exact: false }) };
}

export function expired(): SessionStoreError {
  return new SessionStoreError(
    'EXPIRED',
    'The session had expired when its change was to be saved; the change is lost. Give it a longer cookie.maxAge, or save earlier in the request',
  );
}
