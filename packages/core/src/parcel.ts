import type { Awaitable } from './awaitable.js';
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
  #outcome: { readonly answer: Answer } | { readonly error: unknown } | undefined;
  #awaited: PromiseWithResolvers<Answer> | undefined;

  /** `operation`: whose item this is; when that is over, an item that has not gone out never does. */
  constructor(item: Item, operation: Operation | undefined) {
    this.item = item;
    this.operation = operation;
    if (operation?.over) {
      this.fail(operation.timeoutError());
    } else {
      operation?.awaits(this);
    }
  }

  /** Rejects with `TIMEOUT` when the time of the operation is up. */
  get answer(): Awaitable<Answer> {
    if (this.#outcome === undefined) {
      this.#awaited ??= Promise.withResolvers();
      return this.#awaited.promise;
    }
    return 'answer' in this.#outcome ? this.#outcome.answer : Promise.reject(this.#outcome.error);
  }

  /** The first outcome counts. */
  settle(answer: Answer): void {
    this.#outcome ??= { answer };
    this.#awaited?.resolve(answer);
  }

  fail(error: unknown): void {
    this.#outcome ??= { error };
    this.#awaited?.reject(error);
  }

  timeUp(operation: Operation): void {
    this.onWire?.left();
    this.fail(operation.timeoutError());
  }
}
