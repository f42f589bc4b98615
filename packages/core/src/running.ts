import { type Callback, deliver } from './answer.js';
import { SessionStoreError } from './errors.js';
import { Operation } from './operation.js';

/** The calls of the application that are under way: each has its time limit, and every failure is told of. */
export class Running {
  readonly #timeLimit: number;
  readonly #onFailure: (operation: string, id: string | undefined, error: Error) => void;
  readonly #promises = new Set<Promise<unknown>>();
  #ended = false;

  /** `timeLimit`: ms for each call. */
  constructor(
    timeLimit: number,
    onFailure: (operation: string, id: string | undefined, error: Error) => void,
  ) {
    this.#timeLimit = timeLimit;
    this.#onFailure = onFailure;
  }

  /** Starts `work` now, and answers by the callback and the promise. */
  start<T>(
    name: string,
    id: string | undefined,
    callback: Callback<T> | undefined,
    work: (operation: Operation) => Promise<T>,
  ): Promise<T> {
    const promise = this.#run(name, id, work);
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

  async #run<T>(
    name: string,
    id: string | undefined,
    work: (operation: Operation) => Promise<T>,
  ): Promise<T> {
    if (this.#ended) {
      throw new SessionStoreError('CLOSED', `${name}: the store is closed`);
    }
    const operation = new Operation(name, id, this.#timeLimit);
    try {
      return await work(operation);
    } finally {
      operation.end();
    }
  }
}
