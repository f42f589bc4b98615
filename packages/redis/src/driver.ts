import { ioredisSource, ioredisUrlSource } from './ioredis-driver.js';
import { nodeRedisSource } from './node-redis-driver.js';
import { isNodeRedis, type RedisBackendOptions } from './redis-client.js';

/** The name of a command and its arguments. */
export type Command = readonly string[];

/**
 * A connection of our own, or a Cluster's worth of them, by whatever client it comes about. It has one life: it connects once,
 * keeps nothing that cannot be sent at once, and sends nothing twice.
 */
export interface Driver {
  /** Resolves when commands can be sent and, as far as the server tells, it has loaded its data. */
  connect(): Promise<void>;
  /** Gives it up at once, in whatever state it is. What is on the way fails. */
  hangUp(): void;
  /** `error` says why it broke, before `end` says that it is over. `node error` is of one node of a Cluster. */
  on(event: 'error' | 'node error' | 'end', listener: (error?: unknown) => void): unknown;
  /** Rejects with a RedisFailure `UNSENT` where not a byte has left, with an error of the client otherwise. */
  send(command: Command): Promise<unknown>;
  /**
   * On one connection, one right behind the other; on a Cluster to the node that serves the keys. Rejects as `send` does
   * where one of them fails, with what the first of them failed with.
   */
  sendInRow(commands: readonly Command[]): Promise<readonly unknown[]>;
  subscribe(channels: readonly string[], hear: (text: string) => void): Promise<unknown>;
  /** On a Cluster only: the addresses of the nodes that serve each slot, its master first, as far as it knows. */
  readonly slots?: readonly (readonly string[] | undefined)[] | undefined;
  /** On a Cluster only. `used`: something was sent to them already. */
  nodes?(which: 'used' | 'master'): Driver[];
}

/** How to open a connection of our own, and what keys begin with there. */
export interface DriverSource {
  readonly isCluster: boolean;
  readonly keyPrefix: string;
  /** To be awaited before the first `open`. */
  load?(): Promise<void>;
  /** Not connected yet. */
  open(): Driver;
  /** Not connected yet; `driver` is what commands go to. On a Cluster any node hears what is published on any other. */
  openSubscriber(driver: Driver): Driver;
}

/** From options that have been checked. */
export function driverSource({ client, url }: RedisBackendOptions): DriverSource {
  if (client === undefined) return ioredisUrlSource(url as string);
  return isNodeRedis(client) ? nodeRedisSource(client) : ioredisSource(client);
}
