import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findProgram } from './find-program.js';
import { freePort } from './free-port.js';
import { type RedisNode, RedisProcess } from './redis-process.js';

export interface RedisOptions {
  /** More settings, as on the command line of redis-server. */
  readonly args?: readonly string[] | undefined;
  /** Where it keeps its data. Default: a temporary folder, which `stop` deletes. */
  readonly directory?: string | undefined;
  /** Default: a free one. */
  readonly port?: number | undefined;
}

/** A redis-server on 127.0.0.1 that belongs to the test alone. */
export interface RedisServer extends RedisNode {
  readonly url: string;
  /** Ends it and deletes its folder. */
  stop(): Promise<void>;
}

/** The redis-server of this machine: the one that REDIS_SERVER names, else one on PATH. */
export function findRedisServer(): string | undefined {
  return findProgram(process.env.REDIS_SERVER, 'redis-server', 'valkey-server');
}

/** @throws Error where there is none. */
export function redisServerProgram(): string {
  const program = findRedisServer();
  if (program === undefined) throw new Error('no redis-server on PATH, and REDIS_SERVER names none');
  return program;
}

/** Resolves when it answers. Rejects where there is no redis-server, or with what it said when it does not start. */
export async function startRedis(options: RedisOptions = {}): Promise<RedisServer> {
  const program = redisServerProgram();
  const directory = options.directory ?? (await mkdtemp(join(tmpdir(), 'session-stores-redis-')));
  const server = new OwnRedis(program, directory, options.port ?? (await freePort()), options);
  await server.restart();
  return server;
}

class OwnRedis extends RedisProcess implements RedisServer {
  readonly #directory: string;
  readonly #keepsDirectory: boolean;

  constructor(program: string, directory: string, port: number, options: RedisOptions) {
    const keepsDirectory = options.directory !== undefined;
    super({
      program,
      port,
      settings: ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', directory, '--save', ''],
      args: options.args,
      temporary: keepsDirectory ? undefined : directory,
    });
    this.#directory = directory;
    this.#keepsDirectory = keepsDirectory;
  }

  get url(): string {
    return `redis://${this.host}:${this.port}`;
  }

  override async restart(args?: readonly string[]): Promise<void> {
    try {
      await super.restart(args);
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
