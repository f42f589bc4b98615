import { Redis } from 'ioredis';
import { Redis as Redis5 } from 'ioredis-5';
import { createClient } from 'redis';
import { createClient as createClient5 } from 'redis-5';
import type { RedisClient } from '../src/index.js';

export interface Where {
  readonly port: number;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly tls?: { readonly ca?: string };
}

/** The client of an application, in whatever package it is. */
export interface Application {
  /** Not connected. */
  readonly client: RedisClient;
  connect(): Promise<unknown>;
  ping(): Promise<unknown>;
  end(): void;
}

export type Connect = (where: Where) => Application;

function ofIoredis(Client: typeof Redis): Connect {
  return ({ port, username, password, tls }) => {
    const client = new Client({
      host: '127.0.0.1',
      port,
      lazyConnect: true,
      ...(username !== undefined && { username }),
      ...(password !== undefined && { password }),
      ...(tls !== undefined && { tls }),
    });
    client.on('error', () => {});
    return {
      client,
      connect: () => client.connect(),
      ping: () => client.ping(),
      end: () => client.disconnect(),
    };
  };
}

function ofNodeRedis(create: typeof createClient): Connect {
  return ({ port, username, password, tls }) => {
    const client = create({
      socket: { host: '127.0.0.1', port, ...(tls !== undefined && { tls: true, ...tls }) },
      ...(username !== undefined && { username }),
      ...(password !== undefined && { password }),
    });
    client.on('error', () => {});
    return {
      client,
      connect: () => client.connect(),
      ping: () => client.ping(),
      end: () => {
        if (client.isOpen) client.destroy();
      },
    };
  };
}

export const ioredis6 = ofIoredis(Redis);
export const ioredis5 = ofIoredis(Redis5 as unknown as typeof Redis);
/** With RESP 3, its default. */
export const nodeRedis6 = ofNodeRedis(createClient);
/** With RESP 2, its default. */
export const nodeRedis5 = ofNodeRedis(createClient5 as unknown as typeof createClient);

/** A package of each kind. */
export const newest: readonly (readonly [name: string, connect: Connect])[] = [
  ['ioredis 6', ioredis6],
  ['node-redis 6', nodeRedis6],
];

export const all: typeof newest = [...newest, ['ioredis 5', ioredis5], ['node-redis 5', nodeRedis5]];
