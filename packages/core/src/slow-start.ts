/** Ms over which calls are counted. */
const window = 1000;
/** Items a second that any server takes, where less or nothing is known of what this one usually gets. */
const leastRate = 200;
/** Ms of a slow start. After four seconds fifteen seconds' worth has gone, the default time limit of a retrying store. */
const duration = 4000;
/** Ms in which what may go gathers, so that it travels in few batches. */
export const gathering = 10;

/** How many items a second a server answers, counted as it answers. */
export class Throughput {
  #startedAt = Number.NEGATIVE_INFINITY;
  #items = 0;
  #lastWindow = 0;

  /** `now`: ms on the clock of `performance`. */
  count(items: number, now: number): void {
    const elapsed = now - this.#startedAt;
    if (elapsed >= window) {
      // One with a pause in it, or an outage, says little about the busy seconds before.
      this.#lastWindow = elapsed < 2 * window ? (this.#items * 1000) / elapsed : this.#lastWindow / 2;
      this.#startedAt = now;
      this.#items = 0;
    }
    this.#items += items;
  }

  /** Items a second before the last failure. A window that has not ended counts as if nothing more came in it. */
  get perSecond(): number {
    return Math.max(leastRate, this.#lastWindow, (this.#items * 1000) / window);
  }
}

/**
 * How much may go to a server that has just come back: in the first second as much as it had in a second before it went
 * away, in each second after that twice as much as in the one before. What gathered meanwhile goes on top of what comes
 * now, and a server with empty caches must not get it at once. The same is known from load balancers as slow start.
 */
export class SlowStart {
  readonly #perSecond: number;
  readonly #startedAt: number;
  #taken = 0;
  #takenAt = Number.NEGATIVE_INFINITY;

  /** `perSecond`: items; `now`: ms on the clock of `performance`. */
  constructor(perSecond: number, now: number) {
    this.#perSecond = perSecond;
    this.#startedAt = now;
  }

  /** How many of the `wanted` items may go now; they count as gone. */
  take(wanted: number, now: number): number {
    const free = Math.floor(this.#allowance(now) - this.#taken);
    if (free < 1 || (free < wanted && now - this.#takenAt < gathering)) {
      return 0;
    }
    const items = Math.min(wanted, free);
    this.#taken += items;
    this.#takenAt = now;
    return items;
  }

  /** After this, what may go is more than any backlog. */
  isOver(now: number): boolean {
    return now - this.#startedAt >= duration;
  }

  /** Items since the start. */
  #allowance(now: number): number {
    const seconds = (now - this.#startedAt) / 1000;
    const whole = Math.floor(seconds);
    return this.#perSecond * (2 ** whole - 1 + (seconds - whole) * 2 ** whole);
  }
}
