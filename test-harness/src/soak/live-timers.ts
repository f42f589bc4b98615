/** A timer of Node, and what it says of itself to nobody else. */
type Watched = NodeJS.Timeout & { readonly _destroyed?: boolean };

/** After so many new timers those that are over are forgotten. */
const round = 5_000;

/**
 * Remembers every timer that is set by `setTimeout` or `setInterval` from now on: one that is `unref`ed keeps no process
 * alive, and is found by nothing that Node offers.
 */
export class LiveTimers {
  readonly #timers = new Map<Watched, string>();
  #sinceRound = 0;

  constructor() {
    for (const name of ['setTimeout', 'setInterval'] as const) {
      const original = globalThis[name] as (...values: unknown[]) => NodeJS.Timeout;
      const watched = (...values: unknown[]): NodeJS.Timeout => this.#added(original(...values), values[0]);
      // `util.promisify` looks for what the original carries.
      Object.defineProperties(watched, Object.getOwnPropertyDescriptors(original));
      Object.assign(globalThis, { [name]: watched });
    }
  }

  /** Those that may still fire, by the name of what they call. */
  get running(): string[] {
    this.#forgetOver();
    return [...this.#timers.values()];
  }

  #added(timer: NodeJS.Timeout, listener: unknown): NodeJS.Timeout {
    this.#timers.set(
      timer,
      typeof listener === 'function' ? listener.name || `${listener}`.slice(0, 60) : '',
    );
    if (++this.#sinceRound > round) this.#forgetOver();
    return timer;
  }

  #forgetOver(): void {
    this.#sinceRound = 0;
    for (const timer of this.#timers.keys()) if (timer._destroyed) this.#timers.delete(timer);
  }
}
