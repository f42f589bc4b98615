import { type Callback, deliver, refuseCallback } from './answer.js';
import { SessionStoreError } from './errors.js';
import { Operation } from './operation.js';
import { TimeLimit } from './time-limit.js';

const ignore = (): void => {};

/** The calls of the application that are under way: each has its time limit, and every failure is told of. */
export class Running {
  readonly #timeLimit: TimeLimit;
  readonly #onFailure: (operation: string, id: string | undefined, error: Error) => void;
  #count = 0;
  #isEnded = false;
  #onIdle: (() => void) | undefined;

  /** `timeLimit`: ms for each call. */
  constructor(
    timeLimit: number,
    onFailure: (operation: string, id: string | undefined, error: Error) => void,
  ) {
    this.#timeLimit = new TimeLimit(timeLimit);
    this.#onFailure = onFailure;
  }

  /** Starts `work` now, and answers by the callback and the promise, as `deliver` does. `work` may throw. */
  start<T>(
    name: string,
    id: string | undefined,
    callback: Callback<T> | null | undefined,
    work: (operation: Operation) => Promise<T>,
  ): Promise<T> {
    if (this.#isEnded) {
      const closed = new SessionStoreError('CLOSED', `${name}: the store is closed`);
      process.nextTick(this.#onFailure, name, id, closed);
      return deliver(Promise.reject(closed), callback);
    }
    const operation = new Operation(name, id, this.#timeLimit);
    const answers = typeof callback === 'function' ? callback : undefined;
    this.#count++;
    const answer = attempt(operation, work).then(
      (value) => {
        this.#leave(operation);
        if (answers !== undefined) {
          if (value === undefined) {
            process.nextTick(answers, null);
          } else {
            process.nextTick(answers, null, value);
          }
        }
        return value;
      },
      (error: Error) => {
        // Before it rejects, so that it never is an unhandled rejection.
        answer.catch(ignore);
        this.#leave(operation);
        this.#onFailure(name, id, error);
        if (answers !== undefined) {
          process.nextTick(answers, error);
        }
        throw error;
      },
    );
    return callback == null || answers !== undefined ? answer : refuseCallback(callback);
  }

  /** Refuses whatever is started from now on, and resolves when what was started before is answered. */
  async end(): Promise<void> {
    this.#isEnded = true;
    if (this.#count > 0) {
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve;
      });
    }
  }

  #leave(operation: Operation): void {
    operation.end();
    this.#count--;
    if (this.#count === 0) {
      this.#onIdle?.();
    }
  }
}

function attempt<T>(operation: Operation, work: (operation: Operation) => Promise<T>): Promise<T> {
  try {
    return work(operation);
  } catch (error) {
    return Promise.reject(error);
  }
}
