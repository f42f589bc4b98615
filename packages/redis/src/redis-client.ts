import { InvalidOptionError } from '@session-stores/core';

/**
 * Where the store learns how to connect. It never sends a command on it; it takes its options and opens a connection of its
 * own. Told by what it can do: the application's package may be another copy than any that we see.
 */
export type RedisClient = IoredisClient | NodeRedisClient;

/** A `Redis` or `Cluster` of ioredis 5 or 6. */
export interface IoredisClient {
  readonly status: string;
  readonly isCluster: boolean;
  duplicate(...args: never[]): unknown;
}

/** What `createClient` of node-redis 5 or 6 returns (the packages `redis` and `@redis/client`). */
export interface NodeRedisClient {
  readonly isReady: boolean;
  sendCommand(...args: never[]): unknown;
  duplicate(...args: never[]): unknown;
  /** The clusters, sentinels and pools of node-redis do not have it. */
  createPool(...args: never[]): unknown;
}

export interface RedisBackendOptions {
  /**
   * An ioredis `Redis` or `Cluster`, or what `createClient` of node-redis returns; it need not be connected. It stays the
   * caller's: `close` leaves it open. Either this or `url`.
   */
  readonly client?: RedisClient | undefined;
  /**
   * `redis://` or `rediss://` (TLS): user, password and database number as in ioredis, which has to be installed. Either
   * this or `client`.
   */
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
      'pass either client (a Redis or Cluster of ioredis, or what createClient of redis returns) or url (redis://… or rediss://…)',
    );
  }
  if (url !== undefined && (typeof url !== 'string' || !/^rediss?:\/\//.test(url) || !URL.canParse(url))) {
    throw new InvalidOptionError(
      'url must be a string such as redis://user:password@host:6379/0 or rediss://…',
    );
  }
  if (url === undefined) checkClient(client);
  if (typeof prefix !== 'string' || !prefix.isWellFormed()) {
    throw new InvalidOptionError('prefix must be a well-formed string');
  }
  if (!Number.isSafeInteger(replicas) || replicas < 0) {
    throw new InvalidOptionError('replicas must be a whole number, 0 or more: how many have to acknowledge');
  }
  return { ...options, prefix, replicas };
}

export function isNodeRedis(client: unknown): client is NodeRedisClient {
  return has(client, 'createPool', 'duplicate', 'sendCommand');
}

/** @throws InvalidOptionError */
function checkClient(client: unknown): void {
  if (isNodeRedis(client)) return;
  if (has(client, 'evalsha', 'duplicate') && typeof (client as IoredisClient).status === 'string') return;
  if (has(client, 'sendCommand', 'getSlotMaster')) {
    throw new InvalidOptionError(
      'client is a cluster of node-redis, which cannot be used: pass new Cluster(…) of ioredis instead',
    );
  }
  if (has(client, 'sendCommand', 'getSentinelNode')) {
    throw new InvalidOptionError(
      'client is a sentinel of node-redis, which cannot be used: pass new Redis({ sentinels, name }) of ioredis instead',
    );
  }
  if (has(client, 'sendCommand', 'execute')) {
    throw new InvalidOptionError(
      'client is a pool of node-redis, which cannot be used: pass createClient(…) with the same options instead',
    );
  }
  throw new InvalidOptionError(
    'client must be a Redis or a Cluster of ioredis 5 or 6, or what createClient of redis 5 or 6 returns',
  );
}

function has(candidate: unknown, ...methods: readonly string[]): boolean {
  return methods.every(
    (name) => typeof (candidate as Record<string, unknown> | null | undefined)?.[name] === 'function',
  );
}
