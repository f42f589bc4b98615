/**
 * So much is answered at once in one turn of the event loop, and then no more: whoever asks in a loop would otherwise keep
 * all others, the network among them, from being heard.
 */
export class TurnOfEventLoop {
  readonly #most: number;
  #taken = 0;
  readonly #begin = (): void => {
    this.#taken = 0;
  };

  /** `most`: how many answers. */
  constructor(most: number) {
    this.#most = most;
  }

  /** `false`: this turn has none left. */
  take(): boolean {
    if (this.#taken === this.#most) {
      return false;
    }
    if (this.#taken++ === 0) {
      setImmediate(this.#begin);
    }
    return true;
  }
}
