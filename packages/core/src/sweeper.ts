import type { BackendCalls } from './calls.js';
import type { SessionStoreError } from './errors.js';

/** How many records are deleted at once: at first, and at the least and the most. */
const firstBatch = 100;
const smallestBatch = 10;
const largestBatch = 1000;
/** Ms for which a batch may hold up the event loop; after one that took longer the next is smaller. */
const longestHold = 5;
/** The part of its time that the event loop is held up by a sweep, at the most. */
const share = 0.1;
/** Stores that were started together must not sweep together. */
const jitter = 0.2;

/**
 * Deletes expired records in bounded batches, where the server does not do so by itself. A storage in this process works while
 * nothing else can; it is given so little at a time, and so seldom, that requests hardly notice.
 */
export class Sweeper {
  readonly #calls: BackendCalls;
  readonly #interval: number;
  readonly #onError: (error: SessionStoreError) => void;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;
  #batch = firstBatch;

  /** `interval`: ms; 0 means never. */
  constructor(calls: BackendCalls, interval: number, onError: (error: SessionStoreError) => void) {
    this.#calls = calls;
    this.#interval = interval;
    this.#onError = onError;
    this.#schedule();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  #schedule(): void {
    if (this.#stopped || this.#interval === 0) {
      return;
    }
    this.#timer = setTimeout(
      () => {
        void this.#sweep().finally(() => this.#schedule());
      },
      this.#interval * (1 - jitter + 2 * jitter * Math.random()),
    );
    this.#timer.unref();
  }

  async #sweep(): Promise<void> {
    const { backend } = this.#calls;
    try {
      let mayBeMore = true;
      // Some backends find out only when they open whether their server expires by itself.
      while (mayBeMore && backend.prune !== undefined && !this.#stopped) {
        const asked = this.#batch;
        let held = 0;
        const deleted = await this.#calls.call('prune', async (context) => {
          const began = performance.now();
          const pruning = backend.prune?.(asked, context);
          // A storage in this process has done its work when it returns.
          held = performance.now() - began;
          return (await pruning) ?? 0;
        });
        mayBeMore = deleted >= asked;
        this.#fit(held);
        await pauseAfter(held);
      }
    } catch (error) {
      // What waited for its turn fails when the store is closed, and need not be told of.
      if (!this.#stopped) {
        this.#onError(error as SessionStoreError);
      }
    }
  }

  /** Makes the next batch of a size that fits the time which this one took. */
  #fit(held: number): void {
    if (held > longestHold) {
      this.#batch = Math.max(smallestBatch, Math.floor(this.#batch / 2));
    } else if (held < longestHold / 2) {
      this.#batch = Math.min(largestBatch, 2 * this.#batch);
    }
  }
}

/** Requests that came meanwhile go first, and others have their share. */
function pauseAfter(held: number): Promise<void> {
  const pause = held * (1 / share - 1);
  return new Promise((resolve) => {
    if (pause < 1) {
      setImmediate(resolve);
    } else {
      setTimeout(resolve, pause).unref();
    }
  });
}
