import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { endWithThisProcess } from './ending-with-us.js';

/** How many characters of what a server says are kept for the message when it does not start. */
const keptOutput = 4_000;

/** Ms. PostgreSQL ends by itself the processes that have not ended after 5 s. */
const endLimit = 15_000;

export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  /** A folder to delete when the process that started the server ends without stopping it. */
  readonly temporary: string | undefined;
  /** What ends the server at once and leaves nothing behind. */
  readonly killedBy: NodeJS.Signals;
  readonly options?: SpawnOptions;
}

/** A server that never outlives the process that started it, however that one ends. */
export class ServerProcess {
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  #output = '';
  #hear: (() => void) | undefined;

  constructor(command: Command) {
    this.#child = spawn(command.program, command.args, {
      ...command.options,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on('data', (text: Buffer) => {
        this.#output = (this.#output + text).slice(-keptOutput);
        this.#hear?.();
      });
    }
    this.#ended = new Promise((resolve) => {
      this.#child.once('exit', () => resolve());
      this.#child.once('error', (error) => {
        this.#output += error.message;
        resolve();
      });
    });
    const forget = endWithThisProcess(this.#child, command);
    this.#ended.then(() => {
      forget();
      this.#hear?.();
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get isRunning(): boolean {
    const { pid, exitCode, signalCode } = this.#child;
    return pid !== undefined && exitCode === null && signalCode === null;
  }

  /** Resolves when the server has said something that matches; rejects when it ends before or says it too late. */
  async said(pattern: RegExp, limit: number): Promise<void> {
    await this.ready(async () => pattern.test(this.#output), limit);
  }

  /**
   * Resolves when `isReady` answers true; rejects with what the server said when it ends first or is not ready within
   * `limit` ms.
   */
  async ready(isReady: () => Promise<boolean>, limit: number): Promise<void> {
    const deadline = Date.now() + limit;
    while (!(await isReady())) {
      const reason = this.#failure(deadline, limit);
      if (reason !== undefined)
        throw new Error(`${this.#child.spawnfile} ${reason}:\n${this.#output.trim()}`);
      await this.#news(20);
    }
    this.#hear = undefined;
  }

  /** Sends a signal that does not end the server. */
  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Sends the signal, after `limit` ms SIGKILL, and resolves when the server has ended. */
  async end(signal: NodeJS.Signals, limit = endLimit): Promise<void> {
    if (this.isRunning) this.#child.kill(signal);
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), limit);
    await this.#ended;
    clearTimeout(timer);
  }

  #failure(deadline: number, limit: number): string | undefined {
    const { exitCode, signalCode } = this.#child;
    // A program for another processor says nothing before it ends: the signal says it.
    if (!this.isRunning) return `ended (${signalCode ?? exitCode ?? 'not started'}) before it was ready`;
    return Date.now() > deadline ? `was not ready within ${limit} ms` : undefined;
  }

  /** Resolves at the next thing the server says or when it ends, after `limit` ms at the latest. */
  async #news(limit: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, limit);
      this.#hear = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
