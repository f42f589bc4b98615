import { InvalidOptionError } from '@session-stores/core';
import { MongoClient } from 'mongodb';
import { driverFailure, MongoFailure } from './mongo-failure.js';

/** What the store uses of a database. */
export interface MongoDatabase {
  command(command: object, options?: { signal?: AbortSignal }): Promise<unknown>;
}

/**
 * A `MongoClient` of the driver mongodb, connected or not, told by what it can do: the application's driver may be another
 * copy than ours.
 */
export interface MongoClientLike {
  connect(): Promise<unknown>;
  db(name?: string): MongoDatabase;
}

/** How many servers confirm a write before it counts, as in MongoDB; `w: 0` would confirm nothing and is refused. */
export interface MongoWriteConcern {
  /** Default `majority`. */
  readonly w?: number | string | undefined;
  /**
   * Whether they have it in their journal. `undefined`: as the server is configured; `majority` implies it by itself on a
   * replica set, and on a server alone from MongoDB 5.0.
   */
  readonly journal?: boolean | undefined;
}

export interface MongoBackendOptions {
  /** A `MongoClient`, or a promise of one. It stays the caller's: `close` leaves it open. Either this or `url`. */
  readonly client?: MongoClientLike | PromiseLike<MongoClientLike> | undefined;
  /** `mongodb://…` or `mongodb+srv://…`. Either this or `client`. */
  readonly url?: string | undefined;
  /** Default: the one that the client's own URL names, else `test`. */
  readonly database?: string | undefined;
  /** Default `sessions`, as connect-mongo has it. */
  readonly collection?: string | undefined;
  /** Default `{ w: 'majority' }`. */
  readonly writeConcern?: MongoWriteConcern | undefined;
}

/** Where the sessions are, checked. */
export interface MongoPlace {
  readonly source: ClientSource;
  readonly database: string | undefined;
  readonly collection: string;
  readonly writeConcern: { readonly w: number | string; readonly j?: boolean };
}

/** Where a client comes from. */
export interface ClientSource {
  /** Whether what `open` resolves to is ours, to be given up for another and to be closed. */
  readonly isOwn: boolean;
  open(): Promise<OpenClient>;
}

/** What is used of a change stream. */
interface ChangeStream {
  /**
   * Its changes as a Readable, with which the driver does not resume by itself. Not its own events: the driver has it emit
   * `close` before the error that closed it.
   */
  stream(): Changes;
}

/** A Readable that ends, or fails, with the change stream, and closes it when it is destroyed. */
export interface Changes {
  on(event: 'data' | 'error' | 'end' | 'close', listener: (told: unknown) => void): unknown;
  destroy(): unknown;
}

/** What the option `cache` uses of a database beside the rest. */
export interface WatchableDatabase extends MongoDatabase {
  collection(
    name: string,
    options: object,
  ): { watch(pipeline: readonly object[], options: object): ChangeStream };
}

export interface OpenClient extends MongoClientLike {
  close?(): Promise<void>;
}

// A server that accepts and never answers holds up a new connection for this long at the most (ms), unless the URL says
// otherwise. Less than the operation time of a plain store (5 s); the driver's own is 30 s.
const connectTimeoutMS = 4_000;

/** @throws InvalidOptionError */
export function placeOf(options: MongoBackendOptions): MongoPlace {
  const { database, collection = 'sessions', writeConcern = {} } = options;
  if (database !== undefined && !isName(database, /[/\\. "$*<>:|?\0]/)) {
    throw new InvalidOptionError('database must be the name of a database');
  }
  if (!isName(collection, /[$\0]|^\.|\.$|^system\./)) {
    throw new InvalidOptionError(
      "collection must be the name of a collection, without $ and not one of the server's own (system.…)",
    );
  }
  return { source: sourceOf(options), database, collection, writeConcern: concernOf(writeConcern) };
}

function isName(value: unknown, forbidden: RegExp): boolean {
  return typeof value === 'string' && value !== '' && value.isWellFormed() && !forbidden.test(value);
}

function sourceOf({ client, url }: MongoBackendOptions): ClientSource {
  if ((client === undefined) === (url === undefined)) {
    throw new InvalidOptionError(
      'pass either client (a MongoClient of the driver mongodb, or a promise of one) or url (mongodb://…)',
    );
  }
  if (url !== undefined) return { isOwn: true, open: ownClient(url) };
  if (isClient(client)) return { isOwn: false, open: async () => client };
  if (typeof (client as Partial<PromiseLike<unknown>> | null)?.then !== 'function') {
    throw new InvalidOptionError(
      'client must be a MongoClient of the driver mongodb, or a promise of one (not a database, a collection or a connection of Mongoose; of that, pass getClient())',
    );
  }
  const promised = promisedClient(client as PromiseLike<unknown>);
  // Who needs it sees the failure; a process must not die of a client that nobody has needed yet.
  promised.catch(() => {});
  return { isOwn: false, open: () => promised };
}

async function promisedClient(promise: PromiseLike<unknown>): Promise<MongoClientLike> {
  let client: unknown;
  try {
    client = await promise;
  } catch (error) {
    const { message } = driverFailure(error);
    throw new MongoFailure(
      'CLIENT',
      `the promise passed as client was rejected (${message}). Pass the MongoClient itself: the store connects it, and tries again when that fails`,
    );
  }
  if (isClient(client)) return client;
  throw new MongoFailure('CLIENT', 'the promise passed as client must resolve to a MongoClient');
}

function isClient(value: unknown): value is MongoClientLike {
  const candidate = value as Partial<MongoClientLike> | null;
  return typeof candidate?.connect === 'function' && typeof candidate.db === 'function';
}

function ownClient(url: string): () => Promise<OpenClient> {
  const open = () => {
    const says = (name: string) => new RegExp(`[?&]${name}=`, 'i').test(url);
    return new MongoClient(url, says('connectTimeoutMS') ? {} : { connectTimeoutMS });
  };
  try {
    if (typeof url !== 'string') throw new TypeError();
    // Not connected, so nothing of it is left: it only has the driver read the URL.
    open();
  } catch {
    // What the driver says may repeat the password.
    throw new InvalidOptionError(
      'url must be a connection string such as mongodb://user:password@host:27017/database or mongodb+srv://…',
    );
  }
  return async () => open();
}

function concernOf(writeConcern: MongoWriteConcern): MongoPlace['writeConcern'] {
  const { w = 'majority', journal } = (writeConcern ?? {}) as MongoWriteConcern;
  const counts = typeof w === 'number' ? Number.isInteger(w) && w >= 1 : typeof w === 'string' && w !== '';
  const isObject = typeof writeConcern === 'object' && writeConcern !== null;
  if (!isObject || !counts || (journal !== undefined && typeof journal !== 'boolean')) {
    throw new InvalidOptionError(
      "writeConcern must be an object such as { w: 'majority', journal: true }; w is 'majority', a number from 1, or a name of your replica set's",
    );
  }
  return journal === undefined ? { w } : { w, j: journal };
}
