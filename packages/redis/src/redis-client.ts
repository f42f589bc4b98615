import { InvalidOptionError } from '@session-stores/core';

/**
 * A `Redis` or `Cluster` of ioredis 5 or 6, told by what it can do: the application's ioredis may be another copy than
 * ours. The store never sends a command on it; it takes its options and opens a connection of its own.
 */
export interface IoredisClient {
  readonly status: string;
  readonly isCluster: boolean;
  duplicate(...args: never[]): unknown;
}

export type RedisClient = IoredisClient;

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
  /**
   * By how many replicas a save or a destroy has to be acknowledged (`WAIT`) before it is called done. Default 0: by none,
   * and what the primary did last can be lost with it.
   */
  readonly replicas?: number | undefined;
}

/** The same with the defaults filled in. */
export type CheckedOptions = RedisBackendOptions & { readonly prefix: string; readonly replicas: number };

/** @throws InvalidOptionError which says what to pass. */
export function checkOptions(options: RedisBackendOptions): CheckedOptions {
  const { client, url, prefix = 'sess:', replicas = 0 } = options;
  if ((client === undefined) === (url === undefined)) {
    throw new InvalidOptionError(
      'pass either client (an ioredis Redis or Cluster) or url (redis://… or rediss://…)',
    );
  }
  if (url !== undefined && (typeof url !== 'string' || !/^rediss?:\/\//.test(url) || !URL.canParse(url))) {
    throw new InvalidOptionError(
      'url must be a string such as redis://user:password@host:6379/0 or rediss://…',
    );
  }
  if (url === undefined && !isClient(client)) {
    throw new InvalidOptionError(
      'client must be a Redis or a Cluster of ioredis 5 or 6 (not a client of node-redis)',
    );
  }
  if (typeof prefix !== 'string' || !prefix.isWellFormed()) {
    throw new InvalidOptionError('prefix must be a well-formed string');
  }
  if (!Number.isSafeInteger(replicas) || replicas < 0) {
    throw new InvalidOptionError('replicas must be a whole number, 0 or more: how many have to acknowledge');
  }
  return { ...options, prefix, replicas };
}

function isClient(client: unknown): boolean {
  const candidate = client as { duplicate?: unknown; evalsha?: unknown; options?: unknown } | null;
  return (
    typeof candidate?.duplicate === 'function' &&
    typeof candidate.evalsha === 'function' &&
    typeof candidate.options === 'object'
  );
}
