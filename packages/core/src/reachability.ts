import type { BackendCalls } from './calls.js';
import { isTransient } from './errors.js';
import type { Emit } from './events.js';
import { Operation } from './operation.js';
import { freshBirth } from './revision.js';
import { TimeLimit } from './time-limit.js';

/** Ms before the first probe, and between two at the most. */
const firstPause = 250;
const longestPause = 5000;
/** So many probes have to fail after an operation has, before the storage counts as away: a blip is over by then. */
const failuresToSignal = 2;

/**
 * Whether the storage can be reached, for who has to act on that (`signalDisconnect`). After an operation has failed, retries
 * included, as it does in an outage, one small read at a time asks for the storage until it answers: whoever stops calling
 * the store because it is away would otherwise never hear that it is back. Whatever else is answered counts as well.
 */
export class Reachability {
  readonly #calls: BackendCalls;
  readonly #timeLimit: TimeLimit;
  readonly #emit: Emit;
  #state: 'reachable' | 'doubtful' | 'away' = 'reachable';
  #failures = 0;
  #awaySince = 0;
  #pause = firstPause;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  /** `timeLimit`: ms for each probe. */
  constructor(calls: BackendCalls, timeLimit: number, emit: Emit) {
    this.#calls = calls;
    this.#timeLimit = new TimeLimit(timeLimit);
    this.#emit = emit;
  }

  /** To be told of every failure of the store. */
  failed(error: unknown): void {
    if (this.#state === 'reachable' && isTransient(error) && !this.#stopped) {
      this.#state = 'doubtful';
      this.#failures = 0;
      this.#pause = firstPause;
      this.#schedule();
    }
  }

  /** To be told when the storage has answered. */
  answered(): void {
    if (this.#state === 'reachable' || this.#stopped) {
      return;
    }
    const wasAway = this.#state === 'away';
    this.#state = 'reachable';
    clearTimeout(this.#timer);
    if (wasAway) {
      const milliseconds = Math.round(performance.now() - this.#awaySince);
      this.#emit('connect', () => ({ milliseconds }));
    }
  }

  stop(): void {
    this.#stopped = true;
    this.#timeLimit.last();
    clearTimeout(this.#timer);
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    // Processes that lost the same server must not ask for it in step.
    this.#timer = setTimeout(() => void this.#ask(), this.#pause * (1 + Math.random()));
    this.#timer.unref();
  }

  async #ask(): Promise<void> {
    try {
      await this.#read();
      this.answered();
    } catch (error) {
      this.#missed(error as Error);
    }
  }

  /** Reads a session that nobody has. */
  async #read(): Promise<void> {
    const id = freshBirth();
    const operation = new Operation('probe', id, this.#timeLimit).start();
    try {
      await this.#calls.read(id, operation).answer;
    } finally {
      operation.end();
    }
  }

  #missed(error: Error): void {
    if (!isTransient(error)) {
      // Somebody is there, and from now on requests are to hear what is wrong with it.
      this.answered();
    }
    if (this.#state === 'reachable' || this.#stopped) {
      return;
    }
    this.#failures += 1;
    this.#pause = Math.min(longestPause, this.#pause * 2);
    this.#schedule();
    if (this.#state === 'doubtful' && this.#failures >= failuresToSignal) {
      this.#state = 'away';
      this.#awaySince = performance.now();
      this.#emit('disconnect', () => ({ error }));
    }
  }
}
