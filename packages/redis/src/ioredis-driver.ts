import type { EventEmitter } from 'node:events';
import type { Command, Driver, DriverSource } from './driver.js';
import type { IoredisClient } from './redis-client.js';
import { RedisFailure } from './redis-failure.js';

/** What is used of ioredis, the same in 5 and 6. */
interface Ioredis {
  readonly status: string;
  connect(): Promise<void>;
  disconnect(): void;
  on(event: string, listener: (...args: unknown[]) => void): unknown;
  duplicate(...args: readonly unknown[]): Ioredis;
  subscribe(...channels: readonly string[]): Promise<unknown>;
  call(...command: Command): Promise<unknown>;
  pipeline(commands: readonly Command[]): {
    exec(): Promise<readonly (readonly [error: Error | null, reply: unknown])[] | null>;
  };
  /** Not on a Cluster, whose nodes have one each. */
  readonly connector?: { readonly stream?: EventEmitter | null };
  /** On a Cluster only. */
  readonly slots?: readonly (readonly string[] | undefined)[];
  /** On a Cluster only. */
  nodes?(role: 'all' | 'master'): Ioredis[];
}

class IoredisDriver implements Driver {
  readonly #redis: Ioredis;
  readonly nodes?: (which: 'used' | 'master') => Driver[];

  constructor(redis: Ioredis) {
    this.#redis = redis;
    if (redis.nodes === undefined) return;
    this.nodes = (which) => {
      const nodes = redis.nodes?.(which === 'master' ? 'master' : 'all') ?? [];
      const wanted = which === 'master' ? nodes : nodes.filter(({ status }) => status !== 'wait');
      return wanted.map((node) => new IoredisDriver(node));
    };
  }

  get slots(): Driver['slots'] {
    return this.#redis.slots;
  }

  connect(): Promise<void> {
    return this.#redis.connect();
  }

  hangUp(): void {
    // ioredis listens to one error of its socket: of one that is given up in the middle of a TLS handshake there comes
    // another, which would end the process.
    for (const { connector } of this.#redis.nodes?.('all') ?? [this.#redis]) {
      connector?.stream?.on('error', ignore);
    }
    this.#redis.disconnect();
  }

  on(event: 'error' | 'node error' | 'end', listener: (error?: unknown) => void): void {
    this.#redis.on(event, listener);
  }

  send(command: Command): Promise<unknown> {
    return this.#redis.call(...command).catch(rethrow);
  }

  async sendInRow(commands: readonly Command[]): Promise<readonly unknown[]> {
    const answers = (await this.#redis.pipeline(commands).exec()) ?? [];
    const [failure] = answers.flatMap(([error]) => error ?? []);
    if (failure !== undefined) rethrow(failure);
    return answers.map(([, reply]) => reply);
  }

  subscribe(channels: readonly string[], hear: (text: string) => void): Promise<unknown> {
    this.#redis.on('message', (_, text) => hear(String(text)));
    return this.#redis.subscribe(...channels);
  }

  /** A connection to the same server alone. */
  alone(): Driver {
    return new IoredisDriver(this.#redis.duplicate(standalone));
  }
}

function ignore(): void {}

function rethrow(error: Error): never {
  if (error.message.includes("isn't writeable")) throw new RedisFailure('UNSENT', 'the connection is closed');
  throw error;
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

/** With the ioredis that is installed beside this package, which somebody who passes a client need not have. */
export function ioredisUrlSource(url: string): DriverSource {
  // Now and not with the first connection, whose call has only so much time.
  const loading = import('ioredis').catch((error: Error) => error);
  let Redis: new (url: string, options: object) => unknown;
  const open = (): Driver => new IoredisDriver(new Redis(url, standalone) as Ioredis);
  return {
    isCluster: false,
    keyPrefix: '',
    async load() {
      const loaded = await loading;
      if (loaded instanceof Error) {
        throw new RedisFailure(
          'NO_DRIVER',
          `url needs ioredis: npm install ioredis, or pass client, such as createClient({ url }) of redis (${loaded.message})`,
        );
      }
      Redis = loaded.Redis;
    },
    open,
    openSubscriber: open,
  };
}

export function ioredisSource(client: IoredisClient): DriverSource {
  const { options } = client as unknown as { readonly options: ClientOptions };
  const duplicate = (...args: readonly unknown[]) =>
    new IoredisDriver((client as unknown as Ioredis).duplicate(...args));
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
        return (node as IoredisDriver).alone();
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
