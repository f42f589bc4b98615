import type {
  CallContext,
  ReadAnswer,
  RecordRemoval,
  RecordTouch,
  RecordWrite,
  RemoveAnswer,
  SessionBackend,
  SessionRecord,
  TouchAnswer,
  WriteAnswer,
} from './backend.js';
import { type OnWire, type Parcel, Routes } from './batch.js';
import { type Answered, afterWait, sendTogether } from './dealing.js';
import { BackendError, recordName, SessionStoreError } from './errors.js';
import type { Operation } from './operation.js';
import { TimeLimit } from './time-limit.js';
import { WireCall } from './wire-call.js';

/**
 * The backend as the rest of core sees it: opened when first needed, called in batches, one item at a time answered, every
 * failure an error of ours, and nothing on the wire for longer than `limits.call` ms.
 */
export class BackendCalls {
  readonly backend: SessionBackend;
  readonly #callLimit: TimeLimit;
  readonly #openLimit: TimeLimit;
  readonly #onEvicted: (id: string) => void;
  readonly #onError: (error: SessionStoreError) => void;
  #isOpen = false;
  #opening: Promise<void> | undefined;

  readonly #reads: Routes<string, Answered<ReadAnswer>>;
  readonly #writes: Routes<RecordWrite, Answered<WriteAnswer>>;
  readonly #touches: Routes<RecordTouch, Answered<TouchAnswer>>;
  readonly #removals: Routes<RecordRemoval, Answered<RemoveAnswer>>;

  constructor(
    backend: SessionBackend,
    limits: { readonly call: number; readonly open: number },
    hooks: { onEvicted(id: string): void; onError(error: SessionStoreError): void },
  ) {
    this.backend = backend;
    this.#callLimit = new TimeLimit(limits.call);
    this.#openLimit = new TimeLimit(limits.open);
    this.#onEvicted = hooks.onEvicted;
    this.#onError = hooks.onError;
    this.#reads = this.#batcher('read', backend.read.bind(backend), (id) => id);
    this.#writes = this.#batcher('write', backend.write.bind(backend), (write) => write.id, afterWait);
    this.#touches = this.#batcher('touch', backend.touch.bind(backend), (touch) => touch.id, afterWait);
    this.#removals = this.#batcher('remove', backend.remove.bind(backend), (removal) => removal.id);
  }

  read(id: string, operation: Operation | undefined): Parcel<string, SessionRecord | undefined> {
    return this.#reads.submit(id, operation);
  }

  write(write: RecordWrite, operation: Operation | undefined): Parcel<RecordWrite, Answered<WriteAnswer>> {
    return this.#writes.submit(write, operation);
  }

  touch(touch: RecordTouch, operation: Operation | undefined): Parcel<RecordTouch, Answered<TouchAnswer>> {
    return this.#touches.submit(touch, operation);
  }

  remove(
    removal: RecordRemoval,
    operation: Operation | undefined,
  ): Parcel<RecordRemoval, Answered<RemoveAnswer>> {
    return this.#removals.submit(removal, operation);
  }

  /** Runs one call that is no batch, with the same errors, within `timeLimit` ms. */
  call<T>(action: string, work: (context: CallContext) => Promise<T>, timeLimit?: number): Promise<T> {
    const limit = timeLimit === undefined ? this.#callLimit : new TimeLimit(timeLimit);
    return this.#withinLimit(limit, action, this.#opened(work));
  }

  async close(): Promise<void> {
    await this.#withinLimit(this.#openLimit, 'close', () => this.backend.close());
  }

  /** `work`, after the backend has been opened. */
  #opened<T>(work: (context: CallContext) => Promise<T>): (context: CallContext) => Promise<T> {
    if (this.#isOpen) {
      return work;
    }
    return async (context) => {
      await this.#open();
      context.signal.throwIfAborted();
      return work(context);
    };
  }

  #open(): Promise<void> {
    this.#opening ??= this.#withinLimit(this.#openLimit, 'open', async ({ signal }) =>
      this.backend.open?.({
        signal,
        onEvicted: this.#onEvicted,
        onError: (error) => this.#onError(this.#wrap('connection', error)),
      }),
    ).then(
      () => {
        this.#isOpen = true;
      },
      (error: unknown) => {
        this.#opening = undefined;
        throw error;
      },
    );
    return this.#opening;
  }

  #batcher<Item, Answer>(
    action: string,
    run: (items: readonly Item[], context: CallContext) => Promise<readonly Answer[]>,
    idOf: (item: Item) => string,
    whenSent: (item: Item, waited: number) => Item = (item) => item,
  ): Routes<Item, Answered<Answer>> {
    const primitive = {
      action,
      run,
      idOf,
      whenSent,
      call: (
        work: (context: CallContext) => Promise<readonly Answer[]>,
        parcels: readonly Parcel<Item, Answered<Answer>>[],
      ) => this.#withinLimit(this.#callLimit, action, this.#opened(work), parcels),
      wrap: (error: unknown, id: string) => this.#wrap(action, error, id),
    };
    return new Routes(
      (item) => this.backend.routeOf?.(idOf(item)) ?? '',
      (parcels) => sendTogether(primitive, parcels),
    );
  }

  #withinLimit<T>(
    limit: TimeLimit,
    action: string,
    work: (context: CallContext) => Promise<T>,
    parcels: readonly { onWire: OnWire | undefined }[] = [],
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      const call = new WireCall(`${this.backend.name}: no answer to ${action}`, parcels.length, reject);
      for (const parcel of parcels) {
        parcel.onWire = call;
      }
      limit.start(call);
      begin(work, call).then(
        (result) => {
          limit.end(call);
          resolve(result);
        },
        (error: unknown) => {
          limit.end(call);
          reject(this.#wrap(action, error));
        },
      );
    });
  }

  #wrap(action: string, error: unknown, id?: string): SessionStoreError {
    if (error instanceof SessionStoreError) {
      return error;
    }
    const transient = this.#isTransient(error);
    const what = id === undefined ? action : `${action} of session record ${recordName(id)}`;
    return new BackendError(
      transient,
      `${this.backend.name}: ${what} failed${transient ? '; it may work when tried again' : ''} (the cause says why)`,
      error,
    );
  }

  #isTransient(error: unknown): boolean {
    try {
      return this.backend.isTransient(error);
    } catch {
      return false;
    }
  }
}

/** What the backend throws is a failure of the call, too. */
function begin<T>(work: (context: CallContext) => Promise<T>, context: CallContext): Promise<T> {
  try {
    return Promise.resolve(work(context));
  } catch (error) {
    return Promise.reject(error);
  }
}
