import type { SessionData } from 'express-session';
import { cannotDecrypt, isEncrypted } from './cipher.js';
import { recordName, SessionStoreError } from './errors.js';
import { isoText } from './iso-time.js';
import { type CookieData, cookieDataOf, lifetimeDiffers } from './lifetime.js';
import type { Serializer } from './merge.js';

/** A session as it was when the application called, in serialized form. */
export interface Snapshot {
  readonly data: string;
  readonly cookie: CookieData | undefined;
  /** The same with the expiry that the base has: equal to the base if the request changed nothing else. */
  readonly pinned: string | undefined;
}

/** What a snapshot is compared with: the session as this request got it or last saved it. */
export interface Base {
  readonly data: string;
  readonly cookie: CookieData | undefined;
}

/** Serializes a session now, so that what the application changes later is not saved. Throws `INVALID_SESSION`. */
export function snapshotOf(session: unknown, base: Base | undefined, serializer: Serializer): Snapshot {
  if (typeof session !== 'object' || session === null || Array.isArray(session)) {
    throw new SessionStoreError(
      'INVALID_SESSION',
      'A session must be an object, such as req.session or { cookie, … }',
    );
  }
  const raw = inText(cookieDataOf(session), serializer);
  if (raw === undefined) {
    return { data: stringify(session, serializer), cookie: undefined, pinned: undefined };
  }
  const cookie =
    base?.cookie === undefined || lifetimeDiffers(base.cookie, raw)
      ? raw
      : { ...raw, originalMaxAge: base.cookie.originalMaxAge };
  const pinned =
    base?.cookie === undefined
      ? undefined
      : stringify(withCookie(session, { ...cookie, expires: base.cookie.expires }), serializer);
  // Whose data is unchanged is not written, so a second serialization would be for nothing.
  const data =
    pinned === base?.data && base !== undefined
      ? base.data
      : (withExpires(pinned, base?.cookie?.expires, cookie.expires, serializer) ??
        stringify(withCookie(session, cookie), serializer));
  return { data, cookie, pinned };
}

/** The cookie with its expiry in the form that JSON gives it: to make that once is half of what a save costs. */
function inText(cookie: CookieData | undefined, serializer: Serializer): CookieData | undefined {
  const expires = cookie?.expires;
  return serializer === JSON && expires instanceof Date && !Number.isNaN(expires.getTime())
    ? { ...cookie, expires: isoText(expires.getTime()) }
    : cookie;
}

/** The JSON of a session with another expiry of its cookie; `undefined` where that cannot be told from the text. */
function withExpires(
  text: string | undefined,
  before: unknown,
  after: unknown,
  serializer: Serializer,
): string | undefined {
  if (serializer !== JSON || text === undefined || typeof before !== 'string' || typeof after !== 'string') {
    return undefined;
  }
  if (before === after) {
    return text;
  }
  const member = `"expires":${JSON.stringify(before)}`;
  const place = text.indexOf(member);
  // If it is there once, that is the cookie's own.
  return place === -1 || text.indexOf(member, place + 1) !== -1
    ? undefined
    : `${text.slice(0, place)}"expires":${JSON.stringify(after)}${text.slice(place + member.length)}`;
}

/** The snapshot of a request that changed nothing but its cookie. Throws `CORRUPT` if `base` cannot be parsed any more. */
export function cookieChangeOf(id: string, base: Base, cookie: CookieData, serializer: Serializer): Snapshot {
  const data = stringify({ ...parseSession(id, base.data, serializer), cookie }, serializer);
  return { data, cookie, pinned: undefined };
}

/** Whether the cookies differ in anything but when they expire, which `originalMaxAge` follows with a drift. */
export function cookieChanged(
  base: CookieData | undefined,
  mine: CookieData,
  serializer: Serializer,
): boolean {
  if (base === undefined || lifetimeDiffers(base, mine)) {
    return true;
  }
  for (const name of new Set([...Object.keys(base), ...Object.keys(mine)])) {
    if (name !== 'expires' && name !== 'originalMaxAge' && name !== 'maxAge') {
      const before = base[name];
      const after = mine[name];
      if (before !== after && serializer.stringify([before]) !== serializer.stringify([after])) {
        return true;
      }
    }
  }
  return false;
}

/** The session that a record holds. Throws `CORRUPT`, which names the record, if it is not the text of an object. */
export function parseSession(id: string, data: string, serializer: Serializer): SessionData {
  let value: unknown;
  try {
    value = serializer.parse(data);
  } catch (error) {
    throw isEncrypted(data)
      ? cannotDecrypt(id, 'the store has no encryptionKeys. Pass the key that it was written with')
      : corrupt(id, error);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw corrupt(id, undefined);
  }
  return value as SessionData;
}

function corrupt(id: string, cause: unknown): SessionStoreError {
  return new SessionStoreError(
    'CORRUPT',
    `Session record ${recordName(id)} cannot be read: what is stored is not a serialized session. It is left as it is; destroy the session to be rid of it`,
    // A parser's message quotes what it could not parse, so only its kind is passed on.
    { cause: cause instanceof Error ? new Error(`${cause.name} while parsing`) : undefined },
  );
}

/** `stringify` of the serializer, with failures as `INVALID_SESSION`. */
export function stringify(value: unknown, serializer: Serializer): string {
  let text: unknown;
  try {
    text = serializer.stringify(value);
  } catch (cause) {
    throw new SessionStoreError(
      'INVALID_SESSION',
      'The session cannot be serialized (the cause says why); keep circular references and BigInt values out of it, or pass a serializer that can',
      { cause },
    );
  }
  if (typeof text !== 'string') {
    throw new SessionStoreError(
      'INVALID_SESSION',
      `serializer.stringify gave ${text === null ? 'null' : typeof text} instead of a string`,
    );
  }
  return text;
}

/** Throws `TOO_LARGE`. `maximum`: bytes. */
export function checkSize(id: string, data: string, maximum: number): void {
  // Three bytes are the most that a UTF-16 unit takes.
  const bytes = data.length * 3 <= maximum ? 0 : Buffer.byteLength(data);
  if (bytes > maximum) {
    throw new SessionStoreError(
      'TOO_LARGE',
      `Session record ${recordName(id)} would have ${bytes} bytes and may have ${maximum} (maxBytes); its change is not saved, and what was stored stays. Keep less in it`,
    );
  }
}

function withCookie(session: object, cookie: CookieData): object {
  const { toJSON } = session as { toJSON?: unknown };
  const own = typeof toJSON === 'function' ? (toJSON.call(session) as object) : session;
  return { ...own, cookie };
}
