import { type Callback, deliver, refuseCallback } from './answer.js';
import { attempt } from './attempt.js';
import type { Awaitable } from './awaitable.js';
import { type ErrorCode, SessionStoreError } from './errors.js';
import { Operation } from './operation.js';
import { TimeLimit } from './time-limit.js';

const ignore = (): void => {};

/** Why a call is not even started. */
export interface Refusal {
  readonly code: ErrorCode;
  readonly message: string;
}

/** How a call is started, if not like any other. */
export interface Start {
  /** Ms that the call has, if not those of every other. */
  readonly timeLimit?: number;
  /** The call is part of one that is under way, which sees to it that there are not too many. */
  readonly isPart?: boolean;
  /** Told that the call is refused; what it returns takes the place of `OVERLOADED`. */
  readonly onRefused?: (id: string | undefined) => Refusal | undefined;
}

/**
 * The calls of the application that are under way: each has its time limit, there are so many and no more, and every failure
 * is told of.
 */
export class Running {
  readonly #timeLimit: TimeLimit;
  readonly #maxPending: number;
  readonly #onFailure: (operation: string, id: string | undefined, error: Error) => void;
  readonly #refusals = new Map<string, Promise<never>>();
  #count = 0;
  #starting = 0;
  #isEnded = false;
  #onIdle: (() => void) | undefined;

  /** `timeLimit`: ms for each call; `maxPending`: how many may be under way. */
  constructor(
    timeLimit: number,
    maxPending: number,
    onFailure: (operation: string, id: string | undefined, error: Error) => void,
  ) {
    this.#timeLimit = new TimeLimit(timeLimit);
    this.#maxPending = maxPending;
    this.#onFailure = onFailure;
  }

  /** Whether a call has not returned to the application yet. */
  get isStarting(): boolean {
    return this.#starting > 0;
  }

  /**
   * Starts `work` now, and answers by the callback and the promise, as `deliver` does. `work` may throw. Rejects with
   * `OVERLOADED` if too much is under way.
   */
  start<T>(
    name: string,
    id: string | undefined,
    callback: Callback<T> | null | undefined,
    work: (operation: Operation) => Awaitable<T>,
    how?: Start,
  ): Promise<T> {
    if (this.#isEnded && !how?.isPart) {
      const closed = new SessionStoreError('CLOSED', `${name}: the store is closed`);
      process.nextTick(this.#onFailure, name, id, closed);
      return deliver(Promise.reject(closed), callback);
    }
    if (this.#count >= this.#maxPending && !how?.isPart) {
      const refused = this.#refuse(name, id, how);
      refused.catch((error: Error) => this.#onFailure(name, id, error));
      return deliver(refused, callback);
    }
    const limit = how?.timeLimit === undefined ? this.#timeLimit : new TimeLimit(how.timeLimit).last();
    const operation = new Operation(name, id, limit);
    const answers = typeof callback === 'function' ? callback : undefined;
    this.#count++;
    const succeed = (value: T): T => {
      this.#leave(operation);
      if (answers !== undefined) {
        if (value === undefined) {
          process.nextTick(answers, null);
        } else {
          process.nextTick(answers, null, value);
        }
      }
      return value;
    };
    this.#starting++;
    const result = attempt(work, operation);
    this.#starting--;
    let answer: Promise<T>;
    if (result instanceof Promise) {
      operation.start();
      answer = result.then(succeed, (error: Error) => {
        // Before it rejects, so that it never is an unhandled rejection.
        answer.catch(ignore);
        this.#leave(operation);
        this.#onFailure(name, id, error);
        if (answers !== undefined) {
          process.nextTick(answers, error);
        }
        throw error;
      });
    } else {
      answer = Promise.resolve(succeed(result));
    }
    return callback == null || answers !== undefined ? answer : refuseCallback(callback);
  }

  /** Refuses whatever is started from now on, and resolves when what was started before is answered. */
  async end(): Promise<void> {
    this.#isEnded = true;
    this.#timeLimit.last();
    if (this.#count > 0) {
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve;
      });
    }
  }

  /** All that are refused in one turn of the event loop share an error: a million of them must cost next to nothing. */
  #refuse(name: string, id: string | undefined, how: Start | undefined): Promise<never> {
    const { code, message } = how?.onRefused?.(id) ?? {
      code: 'OVERLOADED',
      message: `${name}: ${this.#maxPending} calls are under way and none more is taken. The storage is down or too slow for so many: answer this request with 503; if there is memory for more, raise maxPending`,
    };
    let refused = this.#refusals.get(message);
    if (refused === undefined) {
      refused = Promise.reject(new SessionStoreError(code, message));
      if (this.#refusals.size === 0) {
        setImmediate(() => this.#refusals.clear());
      }
      this.#refusals.set(message, refused);
    }
    return refused;
  }

  #leave(operation: Operation): void {
    operation.end();
    this.#count--;
    if (this.#count === 0) {
      this.#onIdle?.();
    }
  }
}
