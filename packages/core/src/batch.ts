import type { Operation } from './operation.js';

/** An item on its way to the backend. */
export class Parcel<Item, Answer> {
  readonly item: Item;
  readonly operation: Operation | undefined;
  /** Whether it has gone out: if it fails then, nobody knows whether it took effect. */
  sent = false;
  /** Epoch ms, the clock that expiries are counted from. */
  readonly madeAt = Date.now();
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
  }
}

/** More would make one slow script or statement of what were many quick ones. */
export const maximumItems = 512;

/**
 * What comes while a batch is on the wire gathers and goes out together when that is back; what finds nothing on the wire
 * goes out at once, so that a lone call pays nothing.
 */
export class Batcher<Item, Answer> {
  readonly #send: (parcels: readonly Parcel<Item, Answer>[]) => Promise<void>;
  #waiting: Parcel<Item, Answer>[] = [];
  #onWire = false;

  /** `send` deals out the answers, and rejects never. */
  constructor(send: (parcels: readonly Parcel<Item, Answer>[]) => Promise<void>) {
    this.#send = send;
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
      const batch = this.#waiting.splice(0, maximumItems).filter((parcel) => !parcel.operation?.over);
      if (batch.length > 0) {
        for (const parcel of batch) {
          parcel.sent = true;
        }
        await this.#send(batch);
      }
    }
    this.#onWire = false;
  }
}
