import type { EventEmitter } from 'node:events';
import { Redis } from 'ioredis';
import type { RedisBackendOptions } from './redis-client.js';
import { RedisFailure } from './redis-failure.js';

type Argument = string | number;

/** What the backend uses of ioredis, the same in 5 and 6. */
export interface Driver {
  readonly status: string;
  connect(): Promise<void>;
  disconnect(): void;
  on(event: string, listener: (...args: unknown[]) => void): unknown;
  off(event: string, listener: (...args: unknown[]) => void): unknown;
  duplicate(overrides?: object): Driver;
  subscribe(...channels: string[]): Promise<unknown>;
  publish(channel: string, message: string): Promise<unknown>;
  ping(): Promise<unknown>;
  evalsha(...args: Argument[]): Promise<unknown>;
  eval(...args: Argument[]): Promise<unknown>;
  pttl(key: string): Promise<unknown>;
  xdel(key: string, id: string): Promise<unknown>;
  scan(...args: Argument[]): Promise<[cursor: string, keys: string[]]>;
  cluster(subcommand: 'NODES'): Promise<unknown>;
  /** On one connection, one right behind the other; on a Cluster to the node that serves the keys. */
  pipeline(commands: readonly (readonly Argument[])[]): {
    exec(): Promise<readonly (readonly [error: Error | null, reply: unknown])[] | null>;
  };
  /** Not on a Cluster, whose nodes have one each. */
  readonly connector?: { readonly stream?: EventEmitter | null };
  /** On a Cluster only: the addresses of the nodes that serve each slot, its master first, as far as it knows. */
  readonly slots?: readonly (readonly string[] | undefined)[];
  /** On a Cluster only. */
  nodes?(role: 'all' | 'master'): Driver[];
}

/**
 * Gives a connection up, in whatever state it is. ioredis listens to one error of its socket: of one that is given up in the
 * middle of a TLS handshake there comes another, which would end the process.
 */
export function hangUp(driver: Driver): void {
  for (const { connector } of driver.nodes?.('all') ?? [driver]) connector?.stream?.on('error', ignore);
  driver.disconnect();
}

function ignore(): void {}

/** How to open a connection of our own, and what keys begin with there. */
export interface DriverSource {
  readonly isCluster: boolean;
  readonly keyPrefix: string;
  open(): Driver;
  /** Not connected yet; `driver` is what commands go to. On a Cluster any node hears what is published on any other. */
  openSubscriber(driver: Driver): Driver;
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
  retryStrategy: null,
} as const;

const standalone = { ...oneLife, enableOfflineQueue: false } as const;

// How long one sentinel, or one node of a Cluster, may take to say who serves what, in ms. All of them together have to
// fit into the time that a connection has to come about.
const askLimit = 1_000;

const cluster = {
  lazyConnect: true,
  enableAutoPipelining: false,
  // Here it is where a command waits for its node's first connection; the whole cluster client has one life.
  enableOfflineQueue: true,
  // It would ask any one node for the state of all and wait for it, although only that node may be silent.
  enableReadyCheck: false,
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

// Of a node that is given up because it is silent no goodbye can be waited for.
const clusterNode = { ...oneLife, enableOfflineQueue: true, disconnectTimeout: 50 } as const;

interface ClientOptions {
  readonly keyPrefix?: string;
  readonly redisOptions?: { readonly keyPrefix?: string };
  readonly slotsRefreshTimeout?: number;
  readonly sentinels?: readonly object[] | null;
  readonly sentinelCommandTimeout?: number;
}

/** From options that have been checked. */
export function driverSource({ client, url }: RedisBackendOptions): DriverSource {
  if (client === undefined) {
    const openUrl = (): Driver => new Redis(url as string, standalone as never) as unknown as Driver;
    return {
      isCluster: false,
      keyPrefix: '',
      open: openUrl,
      openSubscriber: openUrl,
    };
  }
  const { options } = client as unknown as { readonly options: ClientOptions };
  const duplicate = client.duplicate.bind(client) as (...args: unknown[]) => Driver;
  if (client.isCluster === true) {
    const overrides = {
      ...cluster,
      slotsRefreshTimeout: Math.min(options.slotsRefreshTimeout ?? askLimit, askLimit),
      redisOptions: { ...options.redisOptions, ...clusterNode },
    };
    return {
      isCluster: true,
      keyPrefix: options.keyPrefix || options.redisOptions?.keyPrefix || '',
      open: () => duplicate([], overrides),
      openSubscriber(driver) {
        const masters = driver.nodes?.('master') ?? [];
        const node = masters[Math.floor(Math.random() * masters.length)];
        if (node === undefined) throw new RedisFailure('CLUSTERDOWN', 'no primary of the Cluster is known');
        return node.duplicate(standalone);
      },
    };
  }
  const sentinels = sentinelOverrides(options);
  const open = (): Driver => duplicate({ ...standalone, ...sentinels() });
  return { isCluster: false, keyPrefix: options.keyPrefix ?? '', open, openSubscriber: open };
}

/**
 * Each connection begins with another sentinel than the one before: the first may be the one that is cut off and does not
 * know of the failover. When none answers, the connection has failed and the next one asks again.
 */
function sentinelOverrides({ sentinels, sentinelCommandTimeout }: ClientOptions): () => object {
  if (!Array.isArray(sentinels)) return () => ({});
  let opened = 0;
  return () => {
    const first = opened % sentinels.length;
    opened += 1;
    return {
      role: 'master',
      sentinels: [...sentinels.slice(first), ...sentinels.slice(0, first)],
      sentinelRetryStrategy: null,
      sentinelCommandTimeout: Math.min(sentinelCommandTimeout ?? askLimit, askLimit),
    };
  };
}
