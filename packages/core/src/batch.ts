import type { Awaited, Operation } from './operation.js';

/** A call of the backend that an item is on. */
export interface OnWire {
  /** One of those whose items are on it does not wait for its answer any more. */
  left(): void;
}

/** An item on its way to the backend. */
export class Parcel<Item, Answer> implements Awaited {
  readonly item: Item;
  readonly operation: Operation | undefined;
  /** Whether it has gone out: if it fails then, nobody knows whether it took effect. */
  sent = false;
  /** The call that it is on. */
  onWire: OnWire | undefined;
  /** Epoch ms, the clock that expiries are counted from. */
  readonly madeAt = Date.now();
  /** Rejects with `TIMEOUT` when the time of the operation is up. */
  readonly answer: Promise<Answer>;
  settle!: (answer: Answer) => void;
  fail!: (error: unknown) => void;

  /** `operation`: whose item this is; when that is over, an item that has not gone out never does. */
  constructor(item: Item, operation: Operation | undefined) {
    this.item = item;
    this.operation = operation;
    this.answer = new Promise((resolve, reject) => {
      this.settle = resolve;
      this.fail = reject;
    });
    if (operation?.over) {
      this.fail(operation.timeoutError());
    } else {
      operation?.awaits(this);
    }
  }

  timeUp(operation: Operation): void {
    this.onWire?.left();
    this.fail(operation.timeoutError());
  }
}

/** More would make one slow script or statement of what were many quick ones. */
export const maximumItems = 512;

/**
 * What comes while a batch is on the wire gathers and goes out together when that is back; what finds nothing on the wire
 * goes out at once, so that a lone call pays nothing.
 */
class Batcher<Item, Answer> {
  readonly #send: (parcels: readonly Parcel<Item, Answer>[]) => Promise<void>;
  readonly #onIdle: () => void;
  #waiting: Parcel<Item, Answer>[] = [];
  #onWire = false;

  /** `send` deals out the answers, and rejects never. `onIdle` is told that nothing waits and nothing is on the wire. */
  constructor(send: (parcels: readonly Parcel<Item, Answer>[]) => Promise<void>, onIdle: () => void) {
    this.#send = send;
    this.#onIdle = onIdle;
  }

  submit(item: Item, operation: Operation | undefined): Parcel<Item, Answer> {
    const parcel = new Parcel<Item, Answer>(item, operation);
    this.#waiting.push(parcel);
    if (!this.#onWire) {
      void this.#sendWaiting();
    }
    return parcel;
  }

  async #sendWaiting(): Promise<void> {
    this.#onWire = true;
    while (this.#waiting.length > 0) {
      const batch = this.#take();
      if (batch.length > 0) {
        await this.#send(batch);
      }
    }
    this.#onWire = false;
    this.#onIdle();
  }

  #take(): Parcel<Item, Answer>[] {
    let batch = this.#waiting;
    this.#waiting = batch.length > maximumItems ? batch.splice(maximumItems) : [];
    if (batch.some(({ operation }) => operation?.over)) {
      batch = batch.filter(({ operation }) => !operation?.over);
    }
    for (const parcel of batch) {
      parcel.sent = true;
    }
    return batch;
  }
}

/** A batcher for each route on which something is under way. */
export class Routes<Item, Answer> {
  readonly #batchers = new Map<string, Batcher<Item, Answer>>();
  readonly #routeOf: (item: Item) => string;
  readonly #send: (parcels: readonly Parcel<Item, Answer>[]) => Promise<void>;

  constructor(
    routeOf: (item: Item) => string,
    send: (parcels: readonly Parcel<Item, Answer>[]) => Promise<void>,
  ) {
    this.#routeOf = routeOf;
    this.#send = send;
  }

  submit(item: Item, operation: Operation | undefined): Parcel<Item, Answer> {
    const route = this.#routeOf(item);
    let batcher = this.#batchers.get(route);
    if (batcher === undefined) {
      batcher = new Batcher(this.#send, () => this.#batchers.delete(route));
      this.#batchers.set(route, batcher);
    }
    return batcher.submit(item, operation);
  }
}
