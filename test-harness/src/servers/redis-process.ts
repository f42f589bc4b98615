import type { Address } from '../suite/subject.js';
import { askRedis, type RedisReply } from './ask-redis.js';
import { ServerProcess } from './server-process.js';

/** A redis-server of a topology. */
export interface RedisNode {
  readonly host: string;
  readonly port: number;
  readonly address: Address;
  /** SIGKILL, as in a crash. Resolves when it has ended. */
  kill(): Promise<void>;
  /** Kills it where it still runs, and starts it again on the same port and data, with other `args` where given. */
  restart(args?: readonly string[]): Promise<void>;
  /** SIGSTOP: its connections stay, new ones come about, and nothing is answered, as if the machine hung. */
  pause(): void;
  /** Ends `pause`: what was sent meanwhile is answered. */
  resume(): void;
}

export interface RedisLaunch {
  readonly program: string;
  readonly port: number;
  /** Before the `args` that `restart` may replace. */
  readonly settings: readonly string[];
  readonly args?: readonly string[] | undefined;
  /** A folder to delete when the process that started the server ends without stopping it. */
  readonly temporary: string | undefined;
}

const startLimit = 10_000;

export class RedisProcess implements RedisNode {
  readonly host = '127.0.0.1';
  readonly port: number;
  readonly #launch: RedisLaunch;
  #args: readonly string[];
  #process: ServerProcess | undefined;
  #paused = false;

  constructor(launch: RedisLaunch) {
    this.port = launch.port;
    this.#launch = launch;
    this.#args = launch.args ?? [];
  }

  get address(): Address {
    return { host: this.host, port: this.port };
  }

  /** Whether it could answer. */
  get answers(): boolean {
    return this.#process?.isRunning === true && !this.#paused;
  }

  async kill(): Promise<void> {
    await this.#process?.end('SIGKILL');
  }

  /** Resolves when it answers. Rejects with what it said when it does not start. */
  async restart(args: readonly string[] = this.#args): Promise<void> {
    await this.kill();
    this.#args = args;
    this.#paused = false;
    const { program, settings, temporary } = this.#launch;
    this.#process = new ServerProcess({
      program,
      args: [...settings, ...args],
      temporary,
      killedBy: 'SIGKILL',
    });
    await this.#process.ready(() => this.#isReady(), startLimit);
  }

  pause(): void {
    this.#paused = true;
    this.#process?.signal('SIGSTOP');
  }

  resume(): void {
    this.#process?.signal('SIGCONT');
    this.#paused = false;
  }

  ask(...command: readonly string[]): Promise<RedisReply> {
    return askRedis(this.port, ...command);
  }

  /** One that asks for a password is ready too; one that still loads its data is not. */
  async #isReady(): Promise<boolean> {
    return this.ask('PING').then(
      (reply) => reply === 'PONG',
      (error: Error) => error.message.startsWith('NOAUTH'),
    );
  }
}
