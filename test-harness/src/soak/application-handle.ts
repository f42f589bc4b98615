import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { Agent } from 'node:http';
import { endWithThisProcess } from '../servers/ending-with-us.js';
import type { FromProcess, Opening, Remains, ToldEvent, ToProcess } from './messages.js';

/** Ms that a process may take to start on a busy machine. */
const startLimit = 60_000;
/** Ms that a process may take to close, requests and given-up destroys included. */
const closeLimit = 60_000;
/** Ms that a closed process may take to end by itself. */
const endLimit = 10_000;
/** Ms to say what its store has told. */
const tellLimit = 2_000;

/** What happens in a process that nobody has asked for. */
export interface Incidents {
  unhandled(process: ApplicationProcess, reason: string): void;
  died(process: ApplicationProcess, reason: string): void;
}

/** A process of the application, seen from outside. */
export class ApplicationProcess {
  /** `p2.3`: the third process in the second place. */
  readonly name: string;
  readonly agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY });
  readonly #child: ChildProcess;
  readonly #incidents: Incidents;
  readonly #ended: Promise<void>;
  readonly #listeners = new Set<(message: FromProcess) => void>();
  #port = 0;
  #reason: string | undefined;
  #state: 'starting' | 'serving' | 'closing' | 'killed' | 'ended' = 'starting';

  constructor(name: string, incidents: Incidents) {
    this.name = name;
    this.#incidents = incidents;
    this.#child = fork(new URL('./application-process.js', import.meta.url), {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      execArgv: ['--expose-gc'],
    });
    this.#child.on('message', (message: FromProcess) => this.#hear(message));
    // A frozen one would not see that its channel has closed, and hold whatever waits for the end of the output.
    const forget = endWithThisProcess(this.#child, { killedBy: 'SIGKILL' });
    this.#ended = once(this.#child, 'exit').then(([code, signal]) => {
      forget();
      this.#exited(code ?? signal);
    });
  }

  get port(): number {
    return this.#port;
  }

  get isServing(): boolean {
    return this.#state === 'serving';
  }

  /** Whether it was killed by us or died: requests to it may have no answer. */
  get isGone(): boolean {
    return this.#state === 'killed' || this.#state === 'ended';
  }

  /** Resolves when it has ended, however. */
  get ended(): Promise<void> {
    return this.#ended;
  }

  /** Resolves when it serves; rejects with what went wrong. */
  async open(opening: Opening): Promise<void> {
    this.#send({ tell: 'open', opening });
    const answer = await this.#answer(startLimit, ({ is }) => is === 'listening' || is === 'failed');
    if (answer?.is !== 'listening') {
      const reason =
        answer?.is === 'failed' ? answer.reason : (this.#reason ?? 'it did not say that it listens');
      await this.kill();
      throw new Error(`A process of the application did not start: ${reason}`);
    }
    this.#port = answer.port;
    this.#state = 'serving';
  }

  async kill(): Promise<void> {
    if (!this.isGone) this.#state = 'killed';
    this.#child.kill('SIGKILL');
    await this.#ended;
    this.agent.destroy();
  }

  /** SIGSTOP: its connections stay, and it does nothing. */
  freeze(): void {
    this.#child.kill('SIGSTOP');
  }

  thaw(): void {
    this.#child.kill('SIGCONT');
  }

  /** What its store has told of a session. */
  async eventsOf(record: string): Promise<readonly ToldEvent[]> {
    if (!this.isServing) return [];
    this.#send({ tell: 'events', record });
    const answer = await this.#answer(
      tellLimit,
      (message) => message.is === 'told' && message.record === record,
    );
    return answer?.is === 'told' ? answer.events : [];
  }

  /** Lets it close; resolves to what remains, or `undefined` if it did not say so in time. */
  async close(): Promise<Remains | undefined> {
    this.#state = 'closing';
    // Its sockets are ours.
    this.agent.destroy();
    this.#send({ tell: 'close' });
    const answer = await this.#answer(closeLimit, ({ is }) => is === 'closed');
    return answer?.is === 'closed' ? answer.remains : undefined;
  }

  /** Whether it ends by itself. Kills it otherwise. */
  async endsByItself(): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<boolean>((resolve) => {
      timer = setTimeout(resolve, endLimit, false);
    });
    const ends = await Promise.race([this.#ended.then(() => true), limit]);
    clearTimeout(timer);
    await this.kill();
    return ends;
  }

  #send(message: ToProcess): void {
    if (this.#child.connected) this.#child.send(message, () => {});
  }

  #hear(message: FromProcess): void {
    if (message.is === 'unhandled') this.#incidents.unhandled(this, message.reason);
    else if (message.is === 'dying') this.#reason = message.reason;
    else for (const listener of this.#listeners) listener(message);
  }

  #exited(how: number | string): void {
    const state = this.#state;
    this.#state = state === 'killed' ? 'killed' : 'ended';
    const failed = state === 'serving' || (state === 'closing' && this.#reason !== undefined);
    if (failed) this.#incidents.died(this, this.#reason ?? `it ended with ${how}`);
  }

  /** The next message of that kind; `undefined` if there is none in time, or ever. */
  async #answer(limit: number, isIt: (message: FromProcess) => boolean): Promise<FromProcess | undefined> {
    const answer = Promise.withResolvers<FromProcess | undefined>();
    const listener = (message: FromProcess): void => {
      if (isIt(message)) answer.resolve(message);
    };
    const timer = setTimeout(answer.resolve, limit, undefined);
    this.#listeners.add(listener);
    void this.#ended.then(() => answer.resolve(undefined));
    try {
      return await answer.promise;
    } finally {
      clearTimeout(timer);
      this.#listeners.delete(listener);
    }
  }
}
