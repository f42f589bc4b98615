import { recordName, SessionStoreError } from './errors.js';
import { Limited, type TimeLimit } from './time-limit.js';

const ignore = (): void => {};

/** What an operation waits for, and what has to know when it does so no more. */
export interface Awaited {
  timeUp(operation: Operation): void;
}

/**
 * One call of the application and its time limit. Whatever the call waits for goes through `race` or `awaits`, so that it
 * ends when its time is up and leaves nothing behind that waits on.
 */
export class Operation extends Limited {
  readonly name: string;
  /** `undefined`: it concerns all sessions. */
  readonly id: string | undefined;
  readonly #limit: TimeLimit;
  #awaited: Awaited | undefined;
  #giveUp: ((error: SessionStoreError) => void) | undefined;
  #over = false;

  constructor(name: string, id: string | undefined, limit: TimeLimit) {
    super();
    this.name = name;
    this.id = id;
    this.#limit = limit;
  }

  /** Its time runs from now on. Whoever makes it starts it, unless it is answered at once. */
  start(): this {
    this.#limit.start(this);
    return this;
  }

  /** Its time is up, or it has been answered. */
  get over(): boolean {
    return this.#over;
  }

  /** Ms left. */
  get remaining(): number {
    if (this.isRunning) {
      return Math.max(0, this.endsAt - performance.now());
    }
    return this.#over ? 0 : this.#limit.length;
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

  /** It is told when the time is up, and rejects then. It takes the place of what the operation waited for before. */
  awaits(awaited: Awaited): void {
    this.#awaited = awaited;
  }

  timeUp(): void {
    this.#over = true;
    this.#awaited?.timeUp(this);
    this.#giveUp?.(this.timeoutError());
  }

  end(): void {
    this.#over = true;
    this.#awaited = undefined;
    this.#giveUp = undefined;
    this.#limit.end(this);
  }

  timeoutError(): SessionStoreError {
    return new SessionStoreError(
      'TIMEOUT',
      `${describe(this)} was not answered within ${this.#limit.length} ms`,
    );
  }
}

/** "destroy of session record 1f2e3d4c5b6a": what messages call an operation. */
export function describe(operation: { readonly name: string; readonly id: string | undefined }): string {
  return operation.id === undefined
    ? `${operation.name} of the sessions`
    : `${operation.name} of session record ${recordName(operation.id)}`;
}
