import { type Callback, deliver } from './answer.js';
import { type ErrorCode, SessionStoreError } from './errors.js';
import { Operation } from './operation.js';

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
  readonly onRefused?: () => Refusal | undefined;
}

/**
 * The calls of the application that are under way: each has its time limit, there are so many and no more, and every failure
 * is told of.
 */
export class Running {
  readonly #timeLimit: number;
  readonly #maxPending: number;
  readonly #onFailure: (operation: string, id: string | undefined, error: Error) => void;
  readonly #promises = new Set<Promise<unknown>>();
  readonly #refusals = new Map<string, Promise<never>>();
  #ended = false;

  /** `timeLimit`: ms for each call; `maxPending`: how many may be under way. */
  constructor(
    timeLimit: number,
    maxPending: number,
    onFailure: (operation: string, id: string | undefined, error: Error) => void,
  ) {
    this.#timeLimit = timeLimit;
    this.#maxPending = maxPending;
    this.#onFailure = onFailure;
  }

  /** Starts `work` now, and answers by the callback and the promise. Rejects with `OVERLOADED` if too much is under way. */
  start<T>(
    name: string,
    id: string | undefined,
    callback: Callback<T> | undefined,
    work: (operation: Operation) => Promise<T>,
    how?: Start,
  ): Promise<T> {
    if (this.#promises.size >= this.#maxPending && !how?.isPart) {
      const refused = this.#refuse(name, how);
      refused.catch((error: Error) => this.#onFailure(name, id, error));
      return deliver(refused, callback);
    }
    const promise = this.#run(name, id, work, how?.timeLimit ?? this.#timeLimit);
    this.#promises.add(promise);
    promise.then(
      () => this.#promises.delete(promise),
      (error: Error) => {
        this.#promises.delete(promise);
        this.#onFailure(name, id, error);
      },
    );
    return deliver(promise, callback);
  }

  /** Refuses whatever is started from now on, and resolves when what was started before is answered. */
  async end(): Promise<void> {
    this.#ended = true;
    await Promise.allSettled(this.#promises);
  }

  /** All that are refused in one turn of the event loop share an error: a million of them must cost next to nothing. */
  #refuse(name: string, how: Start | undefined): Promise<never> {
    const { code, message } = how?.onRefused?.() ?? {
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

  async #run<T>(
    name: string,
    id: string | undefined,
    work: (operation: Operation) => Promise<T>,
    timeLimit: number,
  ): Promise<T> {
    if (this.#ended) {
      throw new SessionStoreError('CLOSED', `${name}: the store is closed`);
    }
    const operation = new Operation(name, id, timeLimit);
    try {
      return await work(operation);
    } finally {
      operation.end();
    }
  }
}
