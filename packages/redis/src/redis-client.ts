import { InvalidOptionError } from '@session-stores/core';
import { Redis } from 'ioredis';

/**
 * A `Redis` or `Cluster` of ioredis 5 or 6, told by what it can do: the application's ioredis may be another copy than
 * ours. The store never sends a command on it; it takes its options and opens a connection of its own.
 */
export interface RedisClient {
  readonly status: string;
  readonly isCluster: boolean;
  duplicate(...args: never[]): unknown;
}

export interface RedisBackendOptions {
  /** An ioredis `Redis` or `Cluster`. It stays the caller's: `close` leaves it open. Either this or `url`. */
  readonly client?: RedisClient | undefined;
  /** `redis://` or `rediss://` (TLS): user, password and database number as in ioredis. Either this or `client`. */
  readonly url?: string | undefined;
  /**
   * What the keys begin with, before the session's id. Default `sess:`, as connect-redis has it. Data, never a pattern.
   * The client's own `keyPrefix` is put before it. Of the prefixes of two stores none may begin the other.
   */
  readonly prefix?: string | undefined;
}

/** What the backend uses of ioredis, the same in 5 and 6. */
export interface Driver {
  connect(): Promise<void>;
  disconnect(): void;
  on(event: string, listener: (...args: unknown[]) => void): unknown;
  evalsha(...args: (string | number)[]): Promise<unknown>;
  eval(...args: (string | number)[]): Promise<unknown>;
  scan(...args: (string | number)[]): Promise<[cursor: string, keys: string[]]>;
  /** On a Cluster only. */
  nodes?(role: 'master'): Driver[];
}

/** How to open a connection of our own, and what keys begin with there. */
export interface DriverSource {
  readonly isCluster: boolean;
  readonly keyPrefix: string;
  open(): Driver;
}

// One connection, one life: it never reconnects, so it can neither queue what nobody waits for any more nor send again
// what it has sent. `undefined` takes away what the application set for its own commands.
const oneLife = {
  lazyConnect: true,
  autoResendUnfulfilledCommands: false,
  autoResubscribe: false,
  enableAutoPipelining: false,
  keyPrefix: '',
  maxLoadingRetryTime: 500,
  reconnectOnError: null,
  readOnly: false,
  monitor: false,
  stringNumbers: false,
  replyMapping: 'legacy',
  himportFieldsets: undefined,
  commandTimeout: undefined,
  socketTimeout: undefined,
} as const;

const standalone = { ...oneLife, enableOfflineQueue: false, retryStrategy: null } as const;

const cluster = {
  lazyConnect: true,
  enableAutoPipelining: false,
  // Here it is where a command waits for its node's first connection; the whole cluster client has one life.
  enableOfflineQueue: true,
  keyPrefix: '',
  scaleReads: 'master',
  clusterRetryStrategy: null,
  clusterNodeRetryStrategy: null,
  // With a delay, ioredis sends again what may have been done already when a node's connection closed.
  retryDelayOnFailover: 0,
  retryDelayOnClusterDown: 0,
  shardedSubscribers: false,
  himportFieldsets: undefined,
} as const;

interface ClientOptions {
  readonly keyPrefix?: string;
  readonly redisOptions?: { readonly keyPrefix?: string };
}

/** @throws InvalidOptionError unless exactly one of `client` and `url` is there and fits. */
export function driverSource({ client, url }: RedisBackendOptions): DriverSource {
  if ((client === undefined) === (url === undefined)) {
    throw new InvalidOptionError(
      'pass either client (an ioredis Redis or Cluster) or url (redis://… or rediss://…)',
    );
  }
  if (url !== undefined) {
    if (typeof url !== 'string' || !/^rediss?:\/\//.test(url) || !URL.canParse(url)) {
      throw new InvalidOptionError(
        'url must be a string such as redis://user:password@host:6379/0 or rediss://…',
      );
    }
    return {
      isCluster: false,
      keyPrefix: '',
      open: () => new Redis(url, standalone as never) as unknown as Driver,
    };
  }
  const candidate = client as Partial<RedisClient & { options: ClientOptions; evalsha: unknown }> | null;
  if (
    typeof candidate?.duplicate !== 'function' ||
    typeof candidate.evalsha !== 'function' ||
    !candidate.options
  ) {
    throw new InvalidOptionError(
      'client must be a Redis or a Cluster of ioredis 5 or 6 (not a client of node-redis)',
    );
  }
  const { options } = candidate;
  const duplicate = candidate.duplicate.bind(candidate) as (...args: unknown[]) => Driver;
  if (candidate.isCluster === true) {
    const redisOptions = { ...oneLife, retryStrategy: null };
    return {
      isCluster: true,
      keyPrefix: options.keyPrefix || options.redisOptions?.keyPrefix || '',
      open: () => duplicate([], { ...cluster, redisOptions: { ...options.redisOptions, ...redisOptions } }),
    };
  }
  return { isCluster: false, keyPrefix: options.keyPrefix ?? '', open: () => duplicate(standalone) };
}
