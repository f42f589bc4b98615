import { attempt } from './attempt.js';
import { type Awaitable, after } from './awaitable.js';
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
import { Routes } from './batch.js';
import { Breakers, type BreakersReports, commonRoute, kindOf } from './breakers.js';
import type { CachedBackend } from './cached-backend.js';
import { type Answered, afterWait, dataLength, isItemError, sendTogether } from './dealing.js';
import { BackendError, isTransient, recordName, SessionStoreError } from './errors.js';
import type { Awaited, Operation } from './operation.js';
import { type OnWire, Parcel } from './parcel.js';
import { TimeLimit } from './time-limit.js';
import { WireCall } from './wire-call.js';

/**
 * The backend as the rest of core sees it: opened when first needed, called in batches, one item at a time answered, every
 * failure an error of ours, nothing on the wire for longer than `limits.call` ms, and next to nothing while it is down.
 */
export class BackendCalls {
  readonly backend: SessionBackend & Partial<CachedBackend>;
  readonly #callLimit: TimeLimit;
  readonly #openLimit: TimeLimit;
  readonly #onEvicted: (id: string) => void;
  readonly #onError: (error: SessionStoreError) => void;
  readonly #onAnswered: (() => void) | undefined;
  #isOpen = false;
  /** One that was answered at once: nobody waits for it, and nothing has aborted it. */
  #spareCall: WireCall | undefined;
  #opening: Promise<void> | undefined;
  readonly #breakers: Breakers;

  readonly #reads: Routes<string, Answered<ReadAnswer>>;
  readonly #writes: Routes<RecordWrite, Answered<WriteAnswer>>;
  readonly #touches: Routes<RecordTouch, Answered<TouchAnswer>>;
  readonly #removals: Routes<RecordRemoval, Answered<RemoveAnswer>>;

  constructor(
    backend: SessionBackend & Partial<CachedBackend>,
    limits: { readonly call: number; readonly open: number },
    hooks: {
      onEvicted(id: string): void;
      onError(error: SessionStoreError): void;
      /** A batch was answered, of which not every item failed. */
      onAnswered?: (() => void) | undefined;
      breakers: BreakersReports;
    },
  ) {
    this.backend = backend;
    this.#callLimit = new TimeLimit(limits.call);
    this.#openLimit = new TimeLimit(limits.open);
    this.#onEvicted = hooks.onEvicted;
    this.#onError = hooks.onError;
    this.#onAnswered = hooks.onAnswered;
    this.#breakers = new Breakers(backend.name, hooks.breakers);
    this.#reads = this.#batcher('read', backend.read.bind(backend), (id) => id);
    this.#writes = this.#batcher(
      'write',
      backend.write.bind(backend),
      (write) => write.id,
      afterWait,
      dataLength,
    );
    this.#touches = this.#batcher('touch', backend.touch.bind(backend), (touch) => touch.id, afterWait);
    this.#removals = this.#batcher('remove', backend.remove.bind(backend), (removal) => removal.id);
  }

  read(id: string, operation: Operation | undefined): Parcel<string, SessionRecord | undefined> {
    const known = this.backend.recall?.(id);
    if (known !== undefined) {
      const parcel = new Parcel<string, SessionRecord | undefined>(id, operation);
      parcel.settle(known);
      return parcel;
    }
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

  /**
   * Runs one call that is no batch, with the same errors, within `timeLimit` ms, for nobody or for `operation`. While the storage is
   * down it waits for its turn like a batch, and can be what finds it working; it is never what finds it down, because a
   * listing may just take long.
   */
  async call<T>(
    action: string,
    work: (context: CallContext) => Promise<T>,
    timeLimit?: number,
    operation?: Operation,
  ): Promise<T> {
    const breaker = this.#breakers.of(commonRoute, kindOf(action));
    const turn = breaker.isClosed ? undefined : await breaker.turn(1);
    if (turn !== undefined && operation?.over) {
      breaker.forgo(turn.term);
      throw operation.timeoutError();
    }
    const limit = timeLimit === undefined ? this.#callLimit : new TimeLimit(timeLimit).last();
    const waiting = operation === undefined ? [] : [new Leaver(operation)];
    try {
      const result = await this.#withinLimit(limit, action, this.#opened(work), waiting);
      breaker.succeeded(1);
      return result;
    } catch (error) {
      if (!isTransient(error)) {
        breaker.succeeded(1);
      } else if (turn !== undefined) {
        breaker.failed(error as SessionStoreError, turn.term);
      }
      throw error;
    }
  }

  async close(): Promise<void> {
    this.#breakers.end(new SessionStoreError('CLOSED', `${this.backend.name}: the store is closed`));
    this.#callLimit.last();
    await this.#withinLimit(this.#openLimit.last(), 'close', () => this.backend.close());
  }

  /** `work`, after the backend has been opened. */
  #opened<T>(work: (context: CallContext) => Awaitable<T>): (context: CallContext) => Awaitable<T> {
    if (this.#isOpen || this.backend.open === undefined) {
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
        this.backend.open?.({
          signal,
          onEvicted: this.#onEvicted,
          onError: (error) => this.#onError(this.#wrap('connection', error)),
        }),
      );
      this.#isOpen = true;
    } catch (error) {
      this.#opening = undefined;
      throw error;
    }
  }

  #batcher<Item, Answer>(
    action: string,
    run: (items: readonly Item[], context: CallContext) => Promise<readonly Answer[]>,
    idOf: (item: Item) => string,
    whenSent: (item: Item, waited: number) => Item = (item) => item,
    lengthOf: (item: Item) => number = () => 0,
  ): Routes<Item, Answered<Answer>> {
    const onAnswered = this.#onAnswered;
    const call = (
      work: (context: CallContext) => Awaitable<readonly Answer[]>,
      parcels: readonly Parcel<Item, Answered<Answer>>[],
    ): Awaitable<readonly Answer[]> =>
      this.#withinLimit(this.#callLimit, action, this.#opened(work), parcels);
    const primitive = {
      action,
      run,
      idOf,
      whenSent,
      call:
        onAnswered === undefined
          ? call
          : (...given: Parameters<typeof call>) => tell(call(...given), onAnswered),
      wrap: (error: unknown, id: string) => this.#wrap(action, error, id),
    };
    return new Routes({
      routeOf: (item) => this.backend.routeOf?.(idOf(item)) ?? commonRoute,
      lengthOf,
      breakerOf: (route) => this.#breakers.of(route, kindOf(action)),
      timeLimit: this.#callLimit.length,
      pipelines: this.backend.pipelines === true,
      send: (parcels) => sendTogether(primitive, parcels),
    });
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
    call.begin(`${this.backend.name}: no answer to ${action}`, parcels.length);
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

/** An operation that may leave the call that is made for it. */
class Leaver implements Awaited {
  onWire: OnWire | undefined;

  constructor(operation: Operation) {
    operation.awaits(this);
  }

  timeUp(): void {
    this.onWire?.left();
  }
}

function tell<Answer>(
  call: Awaitable<readonly Answer[]>,
  onAnswered: () => void,
): Awaitable<readonly Answer[]> {
  return after(call, (answers) => {
    if (!answers.every(isItemError)) {
      onAnswered();
    }
    return answers;
  });
}
