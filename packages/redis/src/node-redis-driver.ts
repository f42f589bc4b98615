import { EventEmitter } from 'node:events';
import type { Command, Driver, DriverSource } from './driver.js';
import type { NodeRedisClient } from './redis-client.js';
import { RedisFailure } from './redis-failure.js';

/** What is used of a client of node-redis, the same in 5 and 6. */
interface NodeRedis {
  readonly options?: ClientOptions;
  readonly isReady: boolean;
  connect(): Promise<unknown>;
  destroy(): void;
  on(event: 'error', listener: (error: unknown) => void): unknown;
  duplicate(overrides: object): NodeRedis;
  sendCommand(command: Command): Promise<unknown>;
  subscribe(channels: readonly string[], listener: (text: string) => void): Promise<unknown>;
}

interface ClientOptions {
  readonly keyPrefix?: string | Buffer;
  readonly socket?: object;
}

// One connection, one life: it never reconnects, so it can neither queue what nobody waits for any more nor send again
// what it has sent. Nor does it keep what the application set for its own commands and their replies.
const oneLife = {
  disableOfflineQueue: true,
  commandsQueueMaxLength: undefined,
  // Without a word of it node-redis 6 starts a timer for every command.
  commandOptions: { timeout: undefined },
  clientSideCache: undefined,
  emitInvalidate: false,
  // It would go on with another server in the middle of its life.
  maintNotifications: 'disabled',
  pingInterval: undefined,
  readonly: false,
} as const;

class NodeRedisDriver extends EventEmitter implements Driver {
  readonly #client: NodeRedis;
  readonly #cut = new AbortController();
  #isOver = false;

  constructor(application: NodeRedis) {
    super();
    this.#client = application.duplicate({
      ...oneLife,
      socket: {
        ...application.options?.socket,
        reconnectStrategy: false,
        socketTimeout: undefined,
        signal: this.#cut.signal,
      },
    });
    this.#client.on('error', (error) => this.#end(error));
  }

  async connect(): Promise<void> {
    await this.#client.connect();
    const failure = await this.send(['ping']).catch((error: Error) => error);
    if (!(failure instanceof Error)) return;
    // Any other reply says nothing of the commands that will come: a user may not be allowed to ping.
    if (!this.#client.isReady || failure.message.startsWith('LOADING')) throw failure;
  }

  hangUp(): void {
    this.#isOver = true;
    try {
      this.#client.destroy();
    } catch {
      // node-redis 5 throws where the connection is closed already.
    }
    // A socket that is still connecting, or in its TLS handshake, is not known to `destroy` yet, and would be left open.
    this.#cut.abort();
  }

  send(command: Command): Promise<unknown> {
    // While this is so it takes every command, and what becomes of that shows only in how it is answered.
    if (this.#client.isReady) return this.#client.sendCommand(command);
    return Promise.reject(new RedisFailure('UNSENT', 'the connection is closed'));
  }

  sendInRow(commands: readonly Command[]): Promise<readonly unknown[]> {
    return Promise.all(commands.map((command) => this.send(command)));
  }

  subscribe(channels: readonly string[], hear: (text: string) => void): Promise<unknown> {
    return this.#client.subscribe(channels, hear);
  }

  /** Any error is the end, also of what was read: what comes after it might belong to another command. */
  #end(error: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.emit('error', error);
    this.emit('end');
    // Not before node-redis has rejected what is on the way, and said why.
    queueMicrotask(() => this.hangUp());
  }
}

export function nodeRedisSource(client: NodeRedisClient): DriverSource {
  const application = client as unknown as NodeRedis;
  const open = (): Driver => new NodeRedisDriver(application);
  return {
    isCluster: false,
    keyPrefix: String(application.options?.keyPrefix ?? ''),
    open,
    openSubscriber: open,
  };
}
