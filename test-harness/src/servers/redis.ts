import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Address } from '../suite/subject.js';
import { findProgram } from './find-program.js';
import { freePort } from './free-port.js';
import { ServerProcess } from './server-process.js';

export interface RedisOptions {
  /** More settings, as on the command line of redis-server. */
  readonly args?: readonly string[] | undefined;
  /** Where it keeps its data. Default: a temporary folder, which `stop` deletes. */
  readonly directory?: string | undefined;
  /** Default: a free one. */
  readonly port?: number | undefined;
}

/** A redis-server on 127.0.0.1 that belongs to the test alone. */
export interface RedisServer {
  readonly url: string;
  readonly port: number;
  readonly address: Address;
  /** SIGKILL, as in a crash. Resolves when it has ended. */
  kill(): Promise<void>;
  /** Kills it where it still runs, and starts it again on the same port and data, with other `args` where given. */
  restart(args?: readonly string[]): Promise<void>;
  /** Ends it and deletes its folder. */
  stop(): Promise<void>;
}

const host = '127.0.0.1';
const startLimit = 10_000;

/** The redis-server of this machine: the one that REDIS_SERVER names, else one on PATH. */
export function findRedisServer(): string | undefined {
  return findProgram(process.env.REDIS_SERVER, 'redis-server', 'valkey-server');
}

/** Resolves when it answers. Rejects where there is no redis-server, or with what it said when it does not start. */
export async function startRedis(options: RedisOptions = {}): Promise<RedisServer> {
  const program = findRedisServer();
  if (program === undefined) throw new Error('no redis-server on PATH, and REDIS_SERVER names none');
  const directory = options.directory ?? (await mkdtemp(join(tmpdir(), 'session-stores-redis-')));
  const server = new OwnRedis(program, directory, options.port ?? (await freePort()), options);
  await server.restart();
  return server;
}

class OwnRedis implements RedisServer {
  readonly port: number;
  readonly #program: string;
  readonly #directory: string;
  readonly #keepsDirectory: boolean;
  #args: readonly string[];
  #process: ServerProcess | undefined;

  constructor(program: string, directory: string, port: number, options: RedisOptions) {
    this.port = port;
    this.#program = program;
    this.#directory = directory;
    this.#keepsDirectory = options.directory !== undefined;
    this.#args = options.args ?? [];
  }

  get url(): string {
    return `redis://${host}:${this.port}`;
  }

  get address(): Address {
    return { host, port: this.port };
  }

  async kill(): Promise<void> {
    await this.#process?.end('SIGKILL');
  }

  async restart(args: readonly string[] = this.#args): Promise<void> {
    await this.kill();
    this.#args = args;
    const own = ['--port', `${this.port}`, '--bind', host, '--dir', this.#directory, '--save', ''];
    this.#process = new ServerProcess({
      program: this.#program,
      args: [...own, ...args],
      temporary: this.#keepsDirectory ? undefined : this.#directory,
      killedBy: 'SIGKILL',
    });
    try {
      await this.#process.ready(() => answers(this.port), startLimit);
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    await this.kill();
    if (!this.#keepsDirectory) await rm(this.#directory, { recursive: true, force: true });
  }
}

/** Whether a Redis answers there. One that asks for a password is ready too; one that still loads its data is not. */
function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host });
    const settle = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => socket.write('PING\r\n'));
    socket.once('data', (reply) => settle(/^(\+PONG|-NOAUTH)/.test(String(reply))));
    socket.once('error', () => settle(false));
    socket.once('close', () => settle(false));
  });
}
