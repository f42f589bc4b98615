import { BackendError, type SessionStoreError } from './errors.js';
import { gathering, SlowStart, Throughput } from './slow-start.js';

/** One more than the calls that can be under way at once, so that a pause of this process, which fails them all, is no outage. */
const failuresToOpen = 5;
/** Ms from the opening to the first probe; after each that fails, twice as long. */
const firstPause = 100;
const longestPause = 1000;

/** What may go out now. */
export interface Turn {
  /** How many items, at least one. */
  readonly items: number;
  /** To be handed back with the outcome. */
  readonly term: number;
}

interface Waiting {
  readonly wanted: number;
  readonly go: (turn: Turn) => void;
  readonly fail: (error: unknown) => void;
}

/** What is told of a breaker. */
export interface BreakerReports {
  opened(failures: number, error: SessionStoreError): void;
  closed(milliseconds: number): void;
}

/**
 * A circuit breaker before a server, as cockatiel and Polly have it. `failuresToOpen` transient failures with no answer
 * between them open it. From then on one item at a time, the probe, goes to the server, after pauses; whatever else is
 * called waits for the next probe, and fails if that fails. The first answer closes it, even an error that is not transient:
 * the server is there. What has waited is then let through by `SlowStart`, and until that is over one failure opens it again.
 */
export class Breaker {
  readonly #name: string;
  readonly #reports: BreakerReports;
  readonly #throughput = new Throughput();
  #state: 'closed' | 'open' | 'starting' = 'closed';
  /** Tells outcomes of what was sent in this state, or as this probe, from late ones. */
  #term = 0;
  #failures = 0;
  #pause = firstPause;
  #openedAt = 0;
  #probeAt = 0;
  #probing = false;
  #slowStart: SlowStart | undefined;
  #waiting: Waiting[] = [];
  #timer: NodeJS.Timeout | undefined;

  /** `name`: what messages call the server. */
  constructor(name: string, reports: BreakerReports) {
    this.#name = name;
    this.#reports = reports;
  }

  /** Everything may go out at once, without a turn. */
  get isClosed(): boolean {
    return this.#state === 'closed';
  }

  get term(): number {
    return this.#term;
  }

  /** Resolves when some of the `wanted` items may go out. Rejects with `BACKEND_UNAVAILABLE` if the next probe fails. */
  turn(wanted: number): Promise<Turn> {
    return new Promise((go, fail) => {
      this.#waiting.push({ wanted, go, fail });
      this.#serve();
    });
  }

  /** A call with so many items was answered. */
  succeeded(items: number): void {
    this.#failures = 0;
    const now = performance.now();
    if (this.#state === 'closed') {
      this.#throughput.count(items, now);
    } else if (this.#state === 'open') {
      this.#enter('starting');
      this.#slowStart = new SlowStart(this.#throughput.perSecond, now);
      this.#reports.closed(now - this.#openedAt);
      this.#serve();
    }
  }

  /** A call of that term had a transient failure. Returns what those fail with who wait behind it, if it was the probe. */
  failed(error: SessionStoreError, term: number): SessionStoreError | undefined {
    if (term !== this.#term || (this.#state === 'open' && !this.#probing)) {
      return undefined;
    }
    this.#failures++;
    if (this.#state === 'closed' && this.#failures < failuresToOpen) {
      return undefined;
    }
    const before = this.#state;
    if (before !== 'closed') {
      this.#pause = Math.min(longestPause, 2 * this.#pause);
    }
    if (before !== 'open') {
      this.#openedAt = performance.now();
      this.#reports.opened(this.#failures, error);
    }
    this.#enter('open');
    // Processes that were cut off together must not come back together.
    this.#probeAt = performance.now() + this.#pause * (0.5 + 0.5 * Math.random());
    const refusal = this.#refusal(error);
    this.end(refusal);
    return before === 'open' ? refusal : undefined;
  }

  /** The turn of that term had nothing left to send. */
  forgo(term: number): void {
    if (this.#probing && term === this.#term) {
      this.#probing = false;
      this.#serve();
    }
  }

  /** Whoever waits fails with `error`. */
  end(error: SessionStoreError): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const { fail } of this.#waiting.splice(0)) {
      fail(error);
    }
  }

  #enter(state: 'closed' | 'open' | 'starting'): void {
    this.#state = state;
    this.#term++;
    this.#probing = false;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #serve(): void {
    const now = performance.now();
    if (this.#state === 'starting' && this.#slowStart?.isOver(now)) {
      this.#enter('closed');
      this.#pause = firstPause;
    }
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      const items = this.#itemsFor(next.wanted, now);
      if (items < 1) {
        return;
      }
      this.#waiting.shift();
      next.go({ items, term: this.#term });
    }
  }

  #itemsFor(wanted: number, now: number): number {
    if (this.#state === 'closed') {
      return wanted;
    }
    if (this.#state === 'starting') {
      const items = this.#slowStart?.take(wanted, now) ?? wanted;
      if (items < 1) {
        this.#serveIn(gathering);
      }
      return items;
    }
    if (this.#probing) {
      return 0;
    }
    if (now < this.#probeAt) {
      this.#serveIn(this.#probeAt - now);
      return 0;
    }
    this.#probing = true;
    this.#term++;
    return 1;
  }

  #serveIn(milliseconds: number): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#serve();
    }, Math.ceil(milliseconds));
  }

  #refusal(cause: SessionStoreError): SessionStoreError {
    return new BackendError(
      true,
      `${this.#name}: not asked, because ${this.#failures} calls in a row have failed; one call at a time tries whether it is back (the cause says why they failed)`,
      cause.cause ?? cause,
    );
  }
}
