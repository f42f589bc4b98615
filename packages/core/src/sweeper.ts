import type { BackendCalls } from './calls.js';
import type { SessionStoreError } from './errors.js';

/** Small enough that one batch holds up nobody. */
const batchSize = 1000;
/** Stores that were started together must not sweep together. */
const jitter = 0.2;

/** Deletes expired records in bounded batches, where the server does not do so by itself. */
export class Sweeper {
  readonly #calls: BackendCalls;
  readonly #interval: number;
  readonly #onError: (error: SessionStoreError) => void;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

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
    try {
      const { backend } = this.#calls;
      let deleted = batchSize;
      // Some backends find out only when they open whether their server expires by itself.
      while (backend.prune !== undefined && deleted >= batchSize && !this.#stopped) {
        deleted = await this.#calls.call(
          'prune',
          async (context) => (await backend.prune?.(batchSize, context)) ?? 0,
        );
        // Requests that came meanwhile go first.
        await new Promise((resolve) => setImmediate(resolve));
      }
    } catch (error) {
      // What waited for its turn fails when the store is closed, and need not be told of.
      if (!this.#stopped) {
        this.#onError(error as SessionStoreError);
      }
    }
  }
}
