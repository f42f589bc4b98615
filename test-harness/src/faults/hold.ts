import type { HeldReplies, HeldRequests } from './fault-proxy.js';

/** A connection that holds requests back, or replies. */
export interface Holder {
  readonly held: number;
  /** Sends them on; resolves when the server has reacted to requests. */
  release(): Promise<void>;
}

/** How long `release` waits for a server that does not react, in ms. */
const patience = 1_000;

export class Hold implements HeldRequests, HeldReplies {
  readonly firstHeld: Promise<void>;
  #announce!: () => void;
  readonly #holders = new Set<Holder>();
  readonly #stop: () => void;

  constructor(stop: () => void) {
    this.#stop = stop;
    this.firstHeld = new Promise((resolve) => {
      this.#announce = resolve;
    });
  }

  get held(): number {
    return [...this.#holders].reduce((sum, holder) => sum + holder.held, 0);
  }

  add(holder: Holder): void {
    this.#holders.add(holder);
    this.#announce();
  }

  stop(): void {
    this.#stop();
  }

  async release(): Promise<void> {
    this.stop();
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, patience);
    });
    const reactions = [...this.#holders].map((holder) => holder.release());
    this.#holders.clear();
    await Promise.race([Promise.all(reactions), limit]);
    clearTimeout(timer);
  }
}
