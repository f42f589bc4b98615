import { attempt } from './attempt.js';
import type { Awaitable } from './awaitable.js';
import type { CallContext, SessionBackend } from './backend.js';
import { BackendError, recordName, SessionStoreError } from './errors.js';
import type { OnWire } from './parcel.js';
import { TimeLimit } from './time-limit.js';
import { WireCall } from './wire-call.js';

/**
 * Single calls of the backend: it is opened before the first of them, none lasts longer than its limit, and every failure is an
 * error of ours.
 */
export class Wire {
  readonly #backend: SessionBackend;
  readonly #openLimit: TimeLimit;
  readonly #onEvicted: (id: string) => void;
  readonly #onError: (error: SessionStoreError) => void;
  #isOpen = false;
  #opening: Promise<void> | undefined;
  /** One that was answered at once: nobody waits for it, and nothing has aborted it. */
  #spareCall: WireCall | undefined;

  /** `openLimit`: ms that opening and closing may take. */
  constructor(
    backend: SessionBackend,
    openLimit: number,
    hooks: { onEvicted(id: string): void; onError(error: SessionStoreError): void },
  ) {
    this.#backend = backend;
    this.#openLimit = new TimeLimit(openLimit);
    this.#onEvicted = hooks.onEvicted;
    this.#onError = hooks.onError;
  }

  /** `parcels`: what may leave the call, which is given up when all have. */
  call<T>(
    limit: TimeLimit,
    action: string,
    work: (context: CallContext) => Awaitable<T>,
    parcels?: readonly { onWire: OnWire | undefined }[],
  ): Awaitable<T> {
    return this.#withinLimit(limit, action, this.#opened(work), parcels);
  }

  async close(): Promise<void> {
    await this.#withinLimit(this.#openLimit.last(), 'close', () => this.#backend.close());
  }

  /** `work`, after the backend has been opened. */
  #opened<T>(work: (context: CallContext) => Awaitable<T>): (context: CallContext) => Awaitable<T> {
    if (this.#isOpen || this.#backend.open === undefined) {
      return work;
    }
    return async (context) => {
      await this.#open();
      context.signal.throwIfAborted();
      return work(context);
    };
  }

  #open(): Promise<void> {
    this.#opening ??= this.#openNow();
    return this.#opening;
  }

  async #openNow(): Promise<void> {
    try {
      await this.#withinLimit(this.#openLimit, 'open', ({ signal }) =>
        this.#backend.open?.({
          signal,
          onEvicted: this.#onEvicted,
          onError: (error) => this.#onError(this.wrap('connection', error)),
        }),
      );
      this.#isOpen = true;
    } catch (error) {
      this.#opening = undefined;
      throw error;
    }
  }

  #withinLimit<T>(
    limit: TimeLimit,
    action: string,
    work: (context: CallContext) => Awaitable<T>,
    parcels: readonly { onWire: OnWire | undefined }[] = [],
  ): Awaitable<T> {
    const call = this.#spareCall ?? new WireCall();
    this.#spareCall = undefined;
    const result = attempt(work, call.context);
    if (!(result instanceof Promise)) {
      this.#spareCall = call;
      return result;
    }
    call.begin(`${this.#backend.name}: no answer to ${action}`, parcels.length);
    for (const parcel of parcels) {
      parcel.onWire = call;
    }
    limit.start(call);
    return new Promise((resolve, reject) => {
      call.onGivenUp = reject;
      result.then(
        (value) => {
          limit.end(call);
          resolve(value);
        },
        (error: unknown) => {
          limit.end(call);
          reject(this.wrap(action, error));
        },
      );
    });
  }

  /** The failure of an action, or of what it did for one id. */
  wrap(action: string, error: unknown, id?: string): SessionStoreError {
    if (error instanceof SessionStoreError) {
      return error;
    }
    const transient = this.#isTransient(error);
    const what = id === undefined ? action : `${action} of session record ${recordName(id)}`;
    return new BackendError(
      transient,
      `${this.#backend.name}: ${what} failed${transient ? '; it may work when tried again' : ''} (the cause says why)`,
      error,
    );
  }

  #isTransient(error: unknown): boolean {
    try {
      return this.#backend.isTransient(error);
    } catch {
      return false;
    }
  }
}
