import { recordName, SessionStoreError } from './errors.js';

const ignore = (): void => {};

/**
 * One call of the application and its time limit. Whatever the call waits for goes through `race`, so that it ends
 * when its time is up and leaves nothing behind that waits on.
 */
export class Operation {
  readonly name: string;
  /** `undefined`: it concerns all sessions. */
  readonly id: string | undefined;
  readonly #timer: NodeJS.Timeout;
  readonly #limit: number;
  readonly #startedAt = performance.now();
  readonly #onTimeUp = new Set<() => void>();
  #giveUp: ((error: SessionStoreError) => void) | undefined;
  #over = false;

  constructor(name: string, id: string | undefined, limit: number) {
    this.name = name;
    this.id = id;
    this.#limit = limit;
    this.#timer = setTimeout(() => {
      this.#over = true;
      for (const listener of this.#onTimeUp) {
        listener();
      }
      this.#giveUp?.(this.timeoutError());
    }, limit);
  }

  /** Its time is up, or it has been answered. */
  get over(): boolean {
    return this.#over;
  }

  /** Ms left. */
  get remaining(): number {
    return Math.max(0, this.#limit - (performance.now() - this.#startedAt));
  }

  /** Settles like `promise`, but rejects with `TIMEOUT` when the time is up. An operation waits for one thing at a time. */
  race<T>(promise: Promise<T>): Promise<T> {
    if (this.#over) {
      promise.catch(ignore);
      return Promise.reject(this.timeoutError());
    }
    return new Promise((resolve, reject) => {
      this.#giveUp = reject;
      promise.then(resolve, reject);
    });
  }

  /** Calls `listener` when its time is up, before anybody is answered. What is returned takes that back. */
  onTimeUp(listener: () => void): () => void {
    this.#onTimeUp.add(listener);
    return () => this.#onTimeUp.delete(listener);
  }

  end(): void {
    this.#over = true;
    this.#giveUp = undefined;
    clearTimeout(this.#timer);
  }

  timeoutError(): SessionStoreError {
    return new SessionStoreError('TIMEOUT', `${describe(this)} was not answered within ${this.#limit} ms`);
  }
}

/** "destroy of session record 1f2e3d4c5b6a": what messages call an operation. */
export function describe(operation: { readonly name: string; readonly id: string | undefined }): string {
  return operation.id === undefined
    ? `${operation.name} of the sessions`
    : `${operation.name} of session record ${recordName(operation.id)}`;
}
