import { setImmediate } from 'node:timers/promises';
import type { Awaitable } from './awaitable.js';
import type { Breaker } from './breaker.js';
import { commonRoute } from './breakers.js';
import type { SessionStoreError } from './errors.js';
import type { Operation } from './operation.js';
import { Parcel } from './parcel.js';
import { TurnOfEventLoop } from './turn-of-event-loop.js';

/** More would make one slow script or statement of what were many quick ones. */
export const maximumItems = 512;

/**
 * How much text the items of one batch may have together, in UTF-16 code units; a longer item travels alone. What takes a
 * slow network longer than an attempt may last would fail at every attempt.
 */
const maximumLength = 4 * 1024 * 1024;

/** How the items of one kind go out. */
export interface Transport<Item, Answer> {
  routeOf(item: Item): string;
  /** The text in an item, in UTF-16 code units. */
  lengthOf(item: Item): number;
  breakerOf(route: string): Breaker;
  /** Ms that a call may take. */
  readonly timeLimit: number;
  /** Whether the storage takes the next batch while it works on one. */
  readonly pipelines: boolean;
  /** Deals out the answers, and rejects never. Resolves to a transient failure if the server answered nothing. */
  send(parcels: readonly Parcel<Item, Answer>[]): Awaitable<SessionStoreError | undefined>;
}

/** How many go out at once in one turn of the event loop. When there are more, a storage is better served with all of them together. */
const atOncePerTurn = 8;
const turnOfEventLoop = new TurnOfEventLoop(atOncePerTurn);

/** From so many items on, a second batch goes out while one is on the wire. */
const worthAnother = 16;

/**
 * What comes while a batch is on the wire gathers and goes out together when that is back; what finds nothing on the wire
 * goes out at once, so that a lone call pays nothing; only right after a batch of several it waits for a turn of the event
 * loop. A storage that pipelines is given a second batch beside the first once both are large: it has one of them while this
 * process deals out the answers of the other. After a batch that was not answered in time the next is half as long, so that a
 * slow server gets no more than it can do in the time of one call.
 */
class Batcher<Item, Answer> {
  readonly #transport: Transport<Item, Answer>;
  readonly #breaker: Breaker;
  readonly #onIdle: () => void;
  #waiting: Parcel<Item, Answer>[] = [];
  #onWire = 0;
  /** How many of them wait for a turn of the event loop, because more is coming. */
  #gathering = 0;
  #most = maximumItems;

  /** `onIdle` is told that nothing waits and nothing is on the wire. */
  constructor(transport: Transport<Item, Answer>, breaker: Breaker, onIdle: () => void) {
    this.#transport = transport;
    this.#breaker = breaker;
    this.#onIdle = onIdle;
  }

  submit(item: Item, operation: Operation | undefined): Parcel<Item, Answer> {
    const parcel = new Parcel<Item, Answer>(item, operation);
    if (this.#onWire === 0 && this.#breaker.isClosed && !operation?.over && turnOfEventLoop.take()) {
      this.#onWire++;
      this.#goOn(this.#sendOff([parcel], this.#breaker.term));
      return parcel;
    }
    this.#waiting.push(parcel);
    if (this.#onWire === 0 || this.#mayFollow) {
      this.#onWire++;
      void this.#gather();
    }
    return parcel;
  }

  /** Whether a batch may go out beside the one that is on the wire. */
  get #mayFollow(): boolean {
    return (
      this.#onWire === 1 && this.#gathering === 0 && this.#waiting.length >= worthAnother && this.#takesTwo
    );
  }

  /** Whether the storage takes two batches at once, as it is now. */
  get #takesTwo(): boolean {
    return this.#transport.pipelines && this.#breaker.isClosed;
  }

  /** Sends batch after batch, as long as there is something for it to send. */
  #sendWaiting(): void {
    if (this.#goesOn()) {
      this.#goOn(this.#sendBatch());
    } else if (this.#onWire === 0) {
      this.#onIdle();
    }
  }

  /** `sent`: how many have gone out. */
  #goOn(sent: Awaitable<number>): void {
    if (sent instanceof Promise) {
      void this.#goOnAfter(sent);
    } else {
      this.#onWire--;
      this.#sendWaiting();
    }
  }

  async #goOnAfter(sent: Promise<number>): Promise<void> {
    let isAnotherComing = false;
    try {
      // Those who were answered together often come again together: without a turn the first of them would go out
      // alone each time, and every other call of the backend would be one for a single item.
      isAnotherComing = (await sent) > 1;
    } catch (error) {
      // The probe that they waited for has failed.
      for (const parcel of this.#waiting.splice(0)) {
        parcel.fail(error);
      }
    }
    if (isAnotherComing) {
      return this.#gather();
    }
    this.#onWire--;
    this.#sendWaiting();
  }

  /** Keeps a place on the wire for what comes in this turn of the event loop. */
  async #gather(): Promise<void> {
    this.#gathering++;
    await setImmediate();
    this.#gathering--;
    this.#onWire--;
    this.#sendWaiting();
  }

  /** Takes a place on the wire, if there is something to send on it. */
  #goesOn(): boolean {
    const goesOn = this.#onWire === 0 ? this.#waiting.length > 0 : this.#mayFollow;
    if (goesOn) {
      this.#onWire++;
    }
    return goesOn;
  }

  /** How many went out. Rejects with what all that waits fails with, if the storage is down. */
  #sendBatch(): Awaitable<number> {
    const { length } = this.#waiting;
    // Halves of what waits, so that the storage has one of them while this process deals out the other.
    const isHalved = this.#onWire === 1 && length >= 2 * worthAnother && this.#takesTwo;
    const most = Math.min(this.#most, isHalved ? Math.ceil(length / 2) : length);
    const { isClosed, term } = this.#breaker;
    return isClosed
      ? this.#send(most, term)
      : this.#breaker.turn(most).then((turn) => this.#send(turn.items, turn.term));
  }

  #send(items: number, term: number): Awaitable<number> {
    const batch = this.#take(items);
    if (batch.length === 0) {
      this.#breaker.forgo(term);
      return 0;
    }
    return this.#sendOff(batch, term);
  }

  #sendOff(batch: readonly Parcel<Item, Answer>[], term: number): Awaitable<number> {
    for (const parcel of batch) {
      parcel.sent = true;
    }
    const sending = this.#transport.send(batch);
    if (this.#mayFollow) {
      this.#sendWaiting();
    }
    if (sending instanceof Promise) {
      const sentAt = performance.now();
      return sending.then((failure) => this.#answered(failure, batch.length, term, sentAt));
    }
    return this.#answered(sending, batch.length, term, 0);
  }

  /** `sentAt`: ms on the clock of `performance`. */
  #answered(failure: SessionStoreError | undefined, items: number, term: number, sentAt: number): number {
    if (failure === undefined) {
      this.#breaker.succeeded(items);
      this.#most = Math.min(maximumItems, 2 * this.#most);
      return items;
    }
    if (failure.code === 'TIMEOUT') {
      this.#most = Math.max(1, Math.floor(items / 2));
    }
    if (failure.code === 'TIMEOUT' && performance.now() - sentAt < this.#transport.timeLimit / 2) {
      // The time that its operations had was over when it went out, which says nothing of the server.
      this.#breaker.forgo(term);
      return items;
    }
    const refusal = this.#breaker.failed(failure, term);
    if (refusal !== undefined) {
      throw refusal;
    }
    return items;
  }

  /** Takes the next out of the queue; whose operation is over does not go out. */
  #take(items: number): Parcel<Item, Answer>[] {
    const batch: Parcel<Item, Answer>[] = [];
    let passed = 0;
    let length = 0;
    for (const parcel of this.#waiting) {
      if (batch.length >= items) {
        break;
      }
      if (!parcel.operation?.over) {
        length += this.#transport.lengthOf(parcel.item);
        if (length > maximumLength && batch.length > 0) {
          break;
        }
        batch.push(parcel);
      }
      passed++;
    }
    this.#waiting = passed === this.#waiting.length ? [] : this.#waiting.slice(passed);
    return batch;
  }
}

/** A batcher for each route on which something is under way. */
export class Routes<Item, Answer> {
  /** That of the one route that most storages have. It stays. */
  #common: Batcher<Item, Answer> | undefined;
  readonly #batchers = new Map<string, Batcher<Item, Answer>>();
  readonly #transport: Transport<Item, Answer>;

  constructor(transport: Transport<Item, Answer>) {
    this.#transport = transport;
  }

  submit(item: Item, operation: Operation | undefined): Parcel<Item, Answer> {
    const route = this.#transport.routeOf(item);
    if (route === commonRoute) {
      this.#common ??= new Batcher(this.#transport, this.#transport.breakerOf(route), () => {});
      return this.#common.submit(item, operation);
    }
    let batcher = this.#batchers.get(route);
    if (batcher === undefined) {
      batcher = new Batcher(this.#transport, this.#transport.breakerOf(route), () =>
        this.#batchers.delete(route),
      );
      this.#batchers.set(route, batcher);
    }
    return batcher.submit(item, operation);
  }
}
