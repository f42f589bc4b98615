/** The time of a run: all that is judged by its order is timed by this one. */
export class Clock {
  readonly #startedAt = performance.now();
  readonly #epoch = Date.now();

  /** Ms since the run began. */
  get now(): number {
    return performance.now() - this.#startedAt;
  }

  /** The same for a moment of `Date.now()`, of another process too. */
  from(epoch: number): number {
    return epoch - this.#epoch;
  }
}

/** `12.345`: seconds since the run began. */
export function moment(milliseconds: number): string {
  return (milliseconds / 1_000).toFixed(3).padStart(8);
}
