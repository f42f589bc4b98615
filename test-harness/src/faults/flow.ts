const end = Symbol('end');

interface Item {
  readonly content: Buffer | typeof end;
  /** Ms on the clock of `performance.now()` before which it may not go on. */
  readonly due: number;
}

/** What a flow asks and tells its link. */
export interface FlowEnds {
  /** Whether bytes may move now. */
  isOpen(): boolean;
  /** Ms by which every chunk is late. */
  delay(): number;
  deliver(chunk: Buffer): void;
  /** The sender has ended, and everything before that has been delivered. */
  deliverEnd(): void;
}

/**
 * One direction of a connection: what was received and has not gone on yet, in its order. There is no back pressure:
 * a network that hangs takes what is sent too, and sessions are small.
 */
export class Flow {
  #items: Item[] = [];
  #timer: NodeJS.Timeout | undefined;
  #ended = false;
  readonly #ends: FlowEnds;

  constructor(ends: FlowEnds) {
    this.#ends = ends;
  }

  /** Chunks that wait. */
  get waiting(): number {
    return this.#items.filter((item) => item.content !== end).length;
  }

  push(chunk: Buffer): void {
    if (this.#ended) return;
    this.#items.push({ content: chunk, due: performance.now() + this.#ends.delay() });
    this.pump();
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#items.push({ content: end, due: performance.now() + this.#ends.delay() });
    this.pump();
  }

  /** Delivers whatever may go now; to be called whenever `isOpen` may have changed. */
  pump(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    while (this.#ends.isOpen()) {
      const next = this.#items[0];
      if (next === undefined) return;
      const early = next.due - performance.now();
      if (early > 0) {
        this.#timer = setTimeout(() => this.pump(), Math.ceil(early));
        return;
      }
      this.#items.shift();
      if (next.content === end) this.#ends.deliverEnd();
      else this.#ends.deliver(next.content);
    }
  }

  /** Throws away what waits and takes nothing more. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#items = [];
    this.#ended = true;
  }
}
