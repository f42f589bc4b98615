/** What has a time limit. It is a link of the limit's list itself, so that the most frequent thing of all allocates nothing. */
export abstract class Limited {
  /** On the clock of `performance`. Kept by the time limit, like the neighbours. */
  endsAt = 0;
  before: Limited | undefined;
  after: Limited | undefined;
  isRunning = false;

  /** Called once, when the time is up. */
  abstract timeUp(): void;
}

/**
 * The time limit of all that may take equally long. They then end in the order in which they began, so one timer, for the
 * first of them, serves all; a timer for each costs more than the rest of a quick call.
 */
export class TimeLimit {
  /** Ms. */
  readonly length: number;
  #first: Limited | undefined;
  #last: Limited | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isLast = false;

  constructor(length: number) {
    this.length = length;
  }

  start(item: Limited): void {
    item.endsAt = performance.now() + this.length;
    item.isRunning = true;
    item.before = this.#last;
    if (this.#last === undefined) {
      this.#first = item;
      // While something runs the process stays, as with a timer for each.
      this.#timer?.ref();
    } else {
      this.#last.after = item;
    }
    this.#last = item;
    this.#timer ??= setTimeout(this.#check, this.length);
  }

  /** Ends it before its time is up. It may have ended already. */
  end(item: Limited): void {
    if (!item.isRunning) {
      return;
    }
    this.#unlink(item);
    if (this.#first !== undefined) {
      return;
    }
    if (this.#isLast) {
      clearTimeout(this.#timer);
      this.#timer = undefined;
    } else {
      // It stays for whatever begins before it fires, which is cheaper than another one.
      this.#timer?.unref();
    }
  }

  /** Nothing begins after what runs, so no timer is kept for it. */
  last(): this {
    this.#isLast = true;
    if (this.#first === undefined) {
      clearTimeout(this.#timer);
      this.#timer = undefined;
    }
    return this;
  }

  readonly #check = (): void => {
    this.#timer = undefined;
    const now = performance.now();
    // Those that end in the same millisecond end together, as with timers of their own.
    for (let first = this.#first; first !== undefined && first.endsAt < now + 1; first = this.#first) {
      this.#unlink(first);
      first.timeUp();
    }
    if (this.#first !== undefined) {
      this.#timer ??= setTimeout(this.#check, Math.ceil(this.#first.endsAt - now));
    }
  };

  #unlink(item: Limited): void {
    const { before, after } = item;
    if (before === undefined) {
      this.#first = after;
    } else {
      before.after = after;
    }
    if (after === undefined) {
      this.#last = before;
    } else {
      after.before = before;
    }
    item.before = undefined;
    item.after = undefined;
    item.isRunning = false;
  }
}
