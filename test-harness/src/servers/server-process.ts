import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';

/** How many characters of what a server says are kept for the message when it does not start. */
const keptOutput = 4_000;

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
    const forget = guard(this.#child, command);
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

  /** Sends the signal and resolves when the server has ended. */
  async end(signal: NodeJS.Signals): Promise<void> {
    if (this.isRunning) this.#child.kill(signal);
    await this.#ended;
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

/** What is to be done when this process ends, while its servers run. */
const endings = new Set<() => void>();

function endAll(): void {
  for (const end of endings) end();
}

/**
 * Ends the server when this process ends. The exit event does not come when a process is killed; a pipe that closes
 * comes always, so a shell waits at the other end of one.
 */
function guard(child: ChildProcess, { temporary, killedBy }: Command): () => void {
  if (child.pid === undefined) return () => {};
  const onExit = () => {
    child.kill(killedBy);
    if (temporary !== undefined) rmSync(temporary, { recursive: true, force: true });
  };
  // One listener for all: a topology has more servers than Node takes for a leak of listeners.
  if (endings.size === 0) process.once('exit', endAll);
  endings.add(onExit);
  const script = 'read -r _; kill -s "$1" "$2"; [ -z "$3" ] || { sleep 1; rm -rf -- "$3"; }';
  const args = ['-c', script, 'sh', killedBy.replace('SIG', ''), String(child.pid), temporary ?? ''];
  // In a group of its own: Ctrl-C must not end it before it has done its work.
  const watchdog = spawn('sh', args, { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  watchdog.on('error', () => {
    // A system without sh: the exit event has to do.
  });
  watchdog.stdin?.on('error', () => {});
  watchdog.unref();
  return () => {
    endings.delete(onExit);
    if (endings.size === 0) process.off('exit', endAll);
    watchdog.kill('SIGKILL');
  };
}
