import type { CallContext } from './backend.js';
import { SessionStoreError } from './errors.js';
import type { OnWire } from './parcel.js';
import { Limited } from './time-limit.js';

/**
 * One call of the backend while it is under way. It is over when its time is up, and also when nobody waits any more: who
 * then tries again needs a new connection.
 */
export class WireCall extends Limited implements OnWire {
  #what = '';
  /** Told why, when it is given up. */
  onGivenUp: ((error: SessionStoreError) => void) | undefined;
  readonly #controller = new AbortController();
  #waiting = 0;
  /** The signal is made when a backend asks for it. A spread of the context asks for it too. */
  readonly context: CallContext = Object.defineProperty({}, 'signal', {
    get: () => this.#controller.signal,
    enumerable: true,
  }) as CallContext;

  /** `what`: has no answer when it is given up; `waiting`: how many may leave it, 0 where nobody can. */
  begin(what: string, waiting: number): void {
    this.#what = what;
    this.#waiting = waiting;
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
    this.onGivenUp?.(error);
  }
}
