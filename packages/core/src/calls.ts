import type {
  CallContext,
  Expiry,
  ItemError,
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
import { type Parcel, Routes } from './batch.js';
import { Breakers, type BreakersReports, commonRoute } from './breakers.js';
import { BackendError, recordName, SessionStoreError } from './errors.js';
import type { Operation } from './operation.js';

type Answered<A> = Exclude<A, ItemError>;

/**
 * The backend as the rest of core sees it: opened when first needed, called in batches, one item at a time answered, every
 * failure an error of ours, nothing on the wire for longer than `timeLimit` ms, and next to nothing while it is down.
 */
export class BackendCalls {
  readonly backend: SessionBackend;
  readonly #timeLimit: number;
  readonly #openLimit: number;
  readonly #onEvicted: (id: string) => void;
  readonly #onError: (error: SessionStoreError) => void;
  readonly #onAnswered: (() => void) | undefined;
  #isOpen = false;
  #opening: Promise<void> | undefined;
  readonly #breakers: Breakers;

  readonly #reads: Routes<string, Answered<ReadAnswer>>;
  readonly #writes: Routes<RecordWrite, Answered<WriteAnswer>>;
  readonly #touches: Routes<RecordTouch, Answered<TouchAnswer>>;
  readonly #removals: Routes<RecordRemoval, Answered<RemoveAnswer>>;

  constructor(
    backend: SessionBackend,
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
    this.#timeLimit = limits.call;
    this.#openLimit = limits.open;
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
   * Runs one call that is no batch, with the same time limit and errors, for nobody or for `operation`. While the storage is down it waits for its turn
   * like a batch, and can be what finds it working; it is never what finds it down, because a listing may just take long.
   */
  async call<T>(
    action: string,
    work: (context: CallContext) => Promise<T>,
    timeLimit = this.#timeLimit,
    operation?: Operation,
  ): Promise<T> {
    const breaker = this.#breakers.of(commonRoute);
    const turn = breaker.isClosed ? undefined : await breaker.turn(1);
    if (turn !== undefined && operation?.over) {
      breaker.forgo(turn.term);
      throw operation.timeoutError();
    }
    try {
      const result = await this.#callOpen(action, work, timeLimit, operation ? [operation] : []);
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
    await this.#withinLimit(this.#openLimit, 'close', () => this.backend.close());
  }

  #callOpen<T>(
    action: string,
    work: (context: CallContext) => Promise<T>,
    timeLimit: number,
    operations: readonly (Operation | undefined)[] = [],
  ): Promise<T> {
    const whenOpen = async (context: CallContext): Promise<T> => {
      await this.#open(context.signal);
      return work(context);
    };
    return this.#withinLimit(timeLimit, action, whenOpen, operations);
  }

  #open(signal: AbortSignal): Promise<void> | undefined {
    if (this.#isOpen || this.backend.open === undefined) {
      return undefined;
    }
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
    return Promise.race([this.#opening, aborted(signal)]);
  }

  #batcher<Item, Answer>(
    action: string,
    primitive: (items: readonly Item[], context: CallContext) => Promise<readonly Answer[]>,
    idOf: (item: Item) => string,
    whenSent: (item: Item, waited: number) => Item = (item) => item,
    lengthOf: (item: Item) => number = () => 0,
  ): Routes<Item, Answered<Answer>> {
    type Parcels = readonly Parcel<Item, Answered<Answer>>[];
    /**
     * Deals out the answers of one call. Resolves to why there are none, if there are none; `dealt`: each item was told a
     * transient failure of its own.
     */
    const deal = async (
      parcels: Parcels,
    ): Promise<{ readonly error: unknown; readonly dealt?: true } | undefined> => {
      const distinct: Parcel<Item, Answered<Answer>>[] = [];
      // Two reads of one id share the answer; each makes its own session of it.
      const positions = new Map<string, number>();
      for (const parcel of parcels) {
        const id = idOf(parcel.item);
        if (!positions.has(id)) {
          positions.set(id, distinct.push(parcel) - 1);
        }
      }
      try {
        const work = async (context: CallContext): Promise<readonly Answer[]> => {
          const now = Date.now();
          const items = distinct.map(({ item, madeAt }) => whenSent(item, Math.max(0, now - madeAt)));
          const given = await primitive(items, context);
          if (!Array.isArray(given) || given.length !== items.length) {
            throw new TypeError(`The backend's ${action} must resolve to as many answers as it got items`);
          }
          return given;
        };
        const operations = parcels.map(({ operation }) => operation);
        const answers = await this.#callOpen(action, work, this.#timeLimit, operations);
        if (this.#onAnswered !== undefined && !answers.every(isItemError)) {
          this.#onAnswered();
        }
        let failures = 0;
        let lastFailure: SessionStoreError | undefined;
        for (const parcel of parcels) {
          const answer = answers[positions.get(idOf(parcel.item)) ?? -1];
          if (isItemError(answer)) {
            lastFailure = this.#wrap(action, answer.error, idOf(parcel.item));
            failures += isTransient(lastFailure) ? 1 : 0;
            parcel.fail(lastFailure);
          } else {
            parcel.settle(answer as Answered<Answer>);
          }
        }
        return failures === parcels.length ? { error: lastFailure, dealt: true } : undefined;
      } catch (error) {
        return { error };
      }
    };
    const send = async (parcels: Parcels): Promise<SessionStoreError | undefined> => {
      const failure = await deal(parcels);
      if (failure === undefined || failure.dealt) {
        return failure?.error as SessionStoreError | undefined;
      }
      // One item that the storage cannot take must not fail the others that happened to travel with it. But a storage that
      // falls silent meanwhile must not be waited for once for every item.
      let lost = parcels.length === 1 || isTransient(failure.error) ? failure : undefined;
      for (const parcel of parcels) {
        const failed = lost ?? (await deal([parcel]));
        if (failed !== undefined && !failed.dealt) {
          parcel.fail(failed.error);
          lost = isTransient(failed.error) ? failed : lost;
        }
      }
      return isTransient(lost?.error) ? (lost?.error as SessionStoreError) : undefined;
    };
    return new Routes({
      routeOf: (item) => this.backend.routeOf?.(idOf(item)) ?? commonRoute,
      lengthOf,
      breakerOf: (route) => this.#breakers.of(route),
      timeLimit: this.#timeLimit,
      send,
    });
  }

  /** It is over when its time is up, and also when nobody waits any more: who then tries again needs a new connection. */
  async #withinLimit<T>(
    timeLimit: number,
    action: string,
    work: (context: CallContext) => Promise<T>,
    operations: readonly (Operation | undefined)[] = [],
  ): Promise<T> {
    const controller = new AbortController();
    const giveUp = (): void =>
      controller.abort(
        new SessionStoreError('TIMEOUT', `${this.backend.name}: no answer to ${action} in time`),
      );
    const timer = setTimeout(giveUp, timeLimit);
    const waiting = new Set(operations);
    const takeBack = [...waiting].map((operation) =>
      operation?.onTimeUp(() => {
        waiting.delete(operation);
        if (waiting.size === 0) {
          giveUp();
        }
      }),
    );
    try {
      const result = work({ signal: controller.signal });
      return await Promise.race([result, aborted(controller.signal)]);
    } catch (error) {
      throw controller.signal.aborted ? controller.signal.reason : this.#wrap(action, error);
    } finally {
      clearTimeout(timer);
      for (const undo of takeBack) {
        undo?.();
      }
    }
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

/** Whether an error of ours may pass by itself. */
export function isTransient(error: unknown): boolean {
  return (
    error instanceof SessionStoreError && (error.code === 'BACKEND_UNAVAILABLE' || error.code === 'TIMEOUT')
  );
}

/** An expiry is told in ms from when it was asked for, and a session must not live longer because it had to wait. */
function afterWait<Item extends { readonly expiry: Expiry }>(item: Item, waited: number): Item {
  const { in: milliseconds, exact } = item.expiry;
  const left = milliseconds - waited;
  return { ...item, expiry: { in: exact ? Math.max(1, left) : left, exact } };
}

function dataLength({ data }: RecordWrite): number {
  return data.length;
}

function isItemError(answer: unknown): answer is ItemError {
  return (answer as ItemError | undefined)?.status === 'error';
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
