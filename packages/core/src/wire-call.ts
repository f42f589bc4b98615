import type { OnWire } from './batch.js';
import { SessionStoreError } from './errors.js';
import { Limited } from './time-limit.js';

/**
 * One call of the backend while it is under way. It is over when its time is up, and also when nobody waits any more: who
 * then tries again needs a new connection.
 */
export class WireCall extends Limited implements OnWire {
  readonly #what: string;
  readonly #onGivenUp: (error: SessionStoreError) => void;
  readonly #controller = new AbortController();
  #waiting: number;

  /** `waiting`: how many may leave it; 0 where nobody can. */
  constructor(what: string, waiting: number, onGivenUp: (error: SessionStoreError) => void) {
    super();
    this.#what = what;
    this.#waiting = waiting;
    this.#onGivenUp = onGivenUp;
  }

  /** Not made before somebody asks for it. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  left(): void {
    this.#waiting--;
    // What has answered meanwhile is not to be given up.
    if (this.#waiting === 0 && this.isRunning) {
      this.timeUp();
    }
  }

  timeUp(): void {
    const error = new SessionStoreError('TIMEOUT', `${this.#what} in time`);
    this.#controller.abort(error);
    this.#onGivenUp(error);
  }
}
