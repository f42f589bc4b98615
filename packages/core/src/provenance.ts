import { createHash } from 'node:crypto';
import type { SessionRecord } from './backend.js';
import type { CookieData } from './lifetime.js';
import { Stamps } from './stamps.js';

/** A write of which nobody knows whether it took effect. */
export interface Attempt {
  readonly revision: string;
  /** What the session was meant to be afterwards: the base of the next write, if it did take effect. */
  readonly data: string;
  readonly cookie: CookieData | undefined;
}

/** Where a session object comes from, and what this process knows of the record behind it. */
export interface Origin {
  readonly id: string;
  /** `undefined`: the record was written by a store that knows no births. */
  birth: string | undefined;
  /** The session as this request got it, or last saved it. `undefined`: it is new and was never saved. */
  base: { readonly data: string; readonly cookie: CookieData | undefined } | undefined;
  /** What is stored at `revision`, as far as this process knows. */
  stored: string;
  revision: string;
  /** Epoch ms. */
  expiresAt: number;
  attempts: Attempt[];
  /** When this process made or read it, in the order of its operations. */
  readonly since: number;
}

/**
 * Remembers the origin of session objects without a trace in the user's data: by the object, and by its cookie, which a
 * spread copy keeps.
 */
export class Provenance {
  readonly #origins = new Stamps<Origin>();

  remember(session: object, origin: Origin): void {
    this.#origins.put(session, origin);
    const { cookie } = session as { cookie?: unknown };
    if (typeof cookie === 'object' && cookie !== null) {
      this.#origins.put(cookie, origin);
    }
  }

  /** The origin of a session that is now handed over under `id`; `undefined` for a plain object. */
  of(session: unknown, id?: string): Origin | undefined {
    if (typeof session !== 'object' || session === null) {
      return undefined;
    }
    const { cookie } = session as { cookie?: unknown };
    const origin =
      this.#origins.of(session) ??
      (typeof cookie === 'object' && cookie !== null ? this.#origins.of(cookie) : undefined);
    return origin === undefined || (id !== undefined && origin.id !== id) ? undefined : origin;
  }
}

/** The origin of a session that `generate` made. */
export function newOrigin(id: string, birth: string, since: number): Origin {
  return {
    id,
    birth,
    base: undefined,
    stored: '',
    revision: '',
    expiresAt: Number.POSITIVE_INFINITY,
    attempts: [],
    since,
  };
}

/** The origin of a session that was read from a record. */
export function loadedOrigin(record: SessionRecord, cookie: CookieData | undefined, since: number): Origin {
  return {
    id: record.id,
    birth: record.birth,
    base: { data: record.data, cookie },
    stored: record.data,
    revision: record.revision,
    expiresAt: record.expiresAt,
    attempts: [],
    since,
  };
}

/** The one birth of all sessions of an id, for frameworks whose copies of sessions have no origin. */
export function copiedBirth(id: string): string {
  return createHash('sha256').update(id).digest('base64url').slice(0, 16);
}
