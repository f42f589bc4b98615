import { type AtRest, type AtRestOptions, atRestOf } from './at-rest.js';
import type { SessionBackend } from './backend.js';
import { type CacheOptions, type CacheSettings, cacheSettings } from './cache-options.js';
import { checkNames, flagOf, invalid, isObject, numberOf } from './check-options.js';
import { InvalidOptionError } from './errors.js';
import type { Serializer } from './merge.js';
import type { RetryOptions, RetryPolicy } from './retry.js';

/**
 * What happens where two requests changed one session: `merge` keeps both changes, `overwrite` puts the later request's
 * session in place of the other's, `reject` fails with `CONFLICT`, and a function makes the result of the parsed sessions:
 * as the request got it, as it is stored now, and as the request left it.
 */
export type OnConflict =
  | 'merge'
  | 'overwrite'
  | 'reject'
  | ((base: unknown, stored: unknown, mine: unknown) => unknown);

/** The options that all stores have. */
export interface SessionStoreOptions extends AtRestOptions {
  /** Ms that a session lives whose cookie has no expiry. Default 86,400,000 (a day). */
  readonly defaultMaxAge?: number | undefined;
  /** Ms within which every operation is answered, retries included. Default 5,000, and 15,000 with `retry`. */
  readonly operationTimeout?: number | undefined;
  /** Default `merge`. */
  readonly onConflict?: OnConflict | undefined;
  /** Default `JSON`. */
  readonly serializer?: Serializer | undefined;
  /** Retry what failed for a while. `false` in the plain stores, `{}` in the retrying ones, unless told. */
  readonly retry?: RetryOptions | false | undefined;
  /** Ms between two sweeps of expired records, where the server has no expiry of its own. 0: never. Default 60,000. */
  readonly sweepInterval?: number | undefined;
  /**
   * Ms. Of the touches of a session that changes nothing, one in this time goes to the storage, and the others are answered without.
   * The one that goes makes the record last so much longer than it says, so that no session ends early; it may end up to this
   * time late. A lifetime that a request sets outright stays exact. Default 0: every touch is stored, and no session ends late.
   */
  readonly touchInterval?: number | undefined;
  /**
   * How many calls may wait or run at once; what is called beyond that fails with `OVERLOADED`. Default 20,000: one that waits
   * costs 4 to 7 KB besides the session that it saves, so all of them fit into a process of 256 MB, and they are more than
   * a second's work of most servers.
   */
  readonly maxPending?: number | undefined;
  /**
   * For frameworks that hand the store deep copies of its sessions (@fastify/session does): a session that was destroyed is
   * then not saved back by a copy of it for the grace time, and neither is a new one under the same id.
   */
  readonly copiedSessions?: boolean | undefined;
  /**
   * Tell express-session when the storage cannot be reached and when it can again, by the events `disconnect` and `connect`:
   * in between it passes every request on without a session, so that everybody seems to be logged out. `requireStore` answers
   * 503 instead. Default false.
   */
  readonly signalDisconnect?: boolean | undefined;
  /**
   * With `retry`: the path of a file, of this store alone, that keeps the destroys which have begun and are not confirmed, so
   * that after a crash the next process finishes them.
   */
  readonly journal?: string | undefined;
  /** Sessions that are used much are read from the memory of this process. None by default. */
  readonly cache?: CacheOptions | undefined;
}

export interface Settings {
  readonly defaultMaxAge: number;
  readonly operationTimeout: number;
  readonly onConflict: OnConflict;
  readonly serializer: Serializer;
  readonly policy: RetryPolicy | undefined;
  readonly sweepInterval: number;
  readonly touchInterval: number;
  readonly maxPending: number;
  readonly copiedSessions: boolean;
  readonly signalDisconnect: boolean;
  readonly atRest: AtRest;
  readonly journal: string | undefined;
  readonly cache: CacheSettings | undefined;
}

const names = [
  'defaultMaxAge',
  'operationTimeout',
  'onConflict',
  'serializer',
  'retry',
  'sweepInterval',
  'touchInterval',
  'maxPending',
  'copiedSessions',
  'signalDisconnect',
  'journal',
  'cache',
  'hashIds',
  'encryptionKeys',
  'readUnencrypted',
  'maxBytes',
] as const satisfies readonly (keyof SessionStoreOptions)[];

const retryDefaults: RetryPolicy = {
  retries: 30,
  minTimeout: 50,
  maxTimeout: 1000,
  factor: 2,
  randomize: true,
  attemptTimeout: 1000,
};

/** The longest that a Node timer can wait, in ms. */
const longest = 2 ** 31 - 1;

/**
 * Tells a store's own options from those that all stores have. Throws `InvalidOptionError` if `options` is no object or has
 * a name that is neither.
 */
export function splitOptions<Own extends object>(
  storeName: string,
  options: (Own & SessionStoreOptions) | undefined,
  ownNames: readonly (keyof Own & string)[],
): { own: Own; common: SessionStoreOptions } {
  const known = [...ownNames, ...names];
  const given: object = options === undefined ? {} : options;
  checkNames(storeName, given, known);
  const entries = Object.entries(given);
  const isOwn = ([name]: [string, unknown]): boolean => (ownNames as readonly string[]).includes(name);
  return {
    own: Object.fromEntries(entries.filter(isOwn)) as Own,
    common: Object.fromEntries(entries.filter((entry) => !isOwn(entry))),
  };
}

/** The options of the retrying form of a store. */
export function withRetries<Options extends SessionStoreOptions>(options: Options): Options {
  // What is no object is left for `splitOptions` to refuse.
  return options === undefined || isObject(options)
    ? { ...options, retry: (options as SessionStoreOptions | undefined)?.retry ?? {} }
    : options;
}

/** Checks the options that all stores have and fills in the defaults. Throws `InvalidOptionError`. */
export function settingsOf(storeName: string, options: SessionStoreOptions = {}): Settings {
  checkNames(storeName, options, names);
  const { retry = false } = options;
  const policy = retry === false ? undefined : policyOf(storeName, retry);
  const { onConflict = 'merge', serializer = JSON } = options;
  if (typeof onConflict !== 'function' && !['merge', 'overwrite', 'reject'].includes(onConflict)) {
    throw invalid(
      storeName,
      'onConflict',
      "'merge', 'overwrite', 'reject' or a function (base, stored, mine) => session",
    );
  }
  if (typeof serializer?.stringify !== 'function' || typeof serializer.parse !== 'function') {
    throw invalid(storeName, 'serializer', 'an object with the functions stringify and parse');
  }
  return {
    defaultMaxAge: numberOf(
      storeName,
      'defaultMaxAge',
      options.defaultMaxAge,
      86_400_000,
      1,
      Number.MAX_SAFE_INTEGER,
    ),
    operationTimeout: numberOf(
      storeName,
      'operationTimeout',
      options.operationTimeout,
      policy === undefined ? 5000 : 15_000,
      1,
      longest,
    ),
    onConflict,
    serializer,
    policy,
    sweepInterval: numberOf(storeName, 'sweepInterval', options.sweepInterval, 60_000, 0, longest / 2),
    touchInterval: numberOf(storeName, 'touchInterval', options.touchInterval, 0, 0, longest),
    maxPending: numberOf(storeName, 'maxPending', options.maxPending, 20_000, 1, Number.POSITIVE_INFINITY),
    copiedSessions: flagOf(storeName, 'copiedSessions', options.copiedSessions),
    signalDisconnect: flagOf(storeName, 'signalDisconnect', options.signalDisconnect),
    atRest: atRestOf(storeName, options),
    journal: journalOf(storeName, options.journal, policy),
    cache: cacheSettings(storeName, options.cache),
  };
}

function journalOf(storeName: string, path: unknown, policy: RetryPolicy | undefined): string | undefined {
  if (path === undefined) {
    return undefined;
  }
  if (typeof path !== 'string' || path === '' || path.includes('\0')) {
    throw invalid(storeName, 'journal', "the path of a file, such as '/var/lib/shop/logouts.journal'");
  }
  if (policy === undefined) {
    throw new InvalidOptionError(
      `${storeName}: option 'journal' needs retries, which finish what is in it; use the Retrying form of the store, or pass retry: {}`,
    );
  }
  return path;
}

/** Throws `InvalidOptionError`. */
export function policyOf(storeName: string, retry: RetryOptions): RetryPolicy {
  if (!isObject(retry)) {
    throw invalid(storeName, 'retry', 'an object such as { retries: 10, attemptTimeout: 1000 }');
  }
  checkNames(`${storeName}: retry`, retry, Object.keys(retryDefaults));
  const { randomize = true } = retry;
  flagOf(storeName, 'retry.randomize', randomize);
  const check = (name: Exclude<keyof RetryOptions, 'randomize'>, least: number): number =>
    numberOf(storeName, `retry.${name}`, retry[name], retryDefaults[name], least, longest);
  return {
    retries: Math.trunc(check('retries', 0)),
    minTimeout: check('minTimeout', 0),
    maxTimeout: check('maxTimeout', 0),
    factor: check('factor', 1),
    attemptTimeout: check('attemptTimeout', 1),
    randomize,
  };
}

const primitives = ['read', 'write', 'touch', 'remove', 'scan', 'isTransient', 'close'] as const;

/** Throws `InvalidOptionError` if a primitive of `SessionBackend` is missing. */
export function checkBackend(storeName: string, backend: SessionBackend): void {
  const missing = primitives.filter((name) => typeof backend?.[name] !== 'function');
  if (missing.length > 0) {
    throw new InvalidOptionError(
      `${storeName}: pass a SessionBackend; of its functions ${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} missing`,
    );
  }
}
