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
import { isTransient, SessionStoreError } from './errors.js';
import type { Awaited, Operation } from './operation.js';
import { type OnWire, Parcel } from './parcel.js';
import { TimeLimit } from './time-limit.js';
import { Wire } from './wire.js';

/**
 * The backend as the rest of core sees it: opened when first needed, called in batches, one item at a time answered, every
 * failure an error of ours, nothing on the wire for longer than `limits.call` ms, and next to nothing while it is down.
 */
export class BackendCalls {
  readonly backend: SessionBackend & Partial<CachedBackend>;
  readonly #wire: Wire;
  readonly #callLimit: TimeLimit;
  readonly #onAnswered: (() => void) | undefined;
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
    this.#wire = new Wire(backend, limits.open, hooks);
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
      const result = await this.#wire.call(limit, action, work, waiting);
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
    await this.#wire.close();
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
    ): Awaitable<readonly Answer[]> => this.#wire.call(this.#callLimit, action, work, parcels);
    const primitive = {
      action,
      run,
      idOf,
      whenSent,
      call:
        onAnswered === undefined
          ? call
          : (...given: Parameters<typeof call>) => tell(call(...given), onAnswered),
      wrap: (error: unknown, id: string) => this.#wire.wrap(action, error, id),
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
