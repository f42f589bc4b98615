import { bornAt, isAdopted } from './revision.js';

/** A destroy that has failed although it was retried. */
export interface PendingDeletion {
  readonly id: string;
  /** `undefined`: it is not known which life of the id was to be destroyed, so all of them are hidden. */
  birth: string | undefined;
  /** Epoch ms. */
  readonly begun: number;
  /** Another process began it. */
  readonly restored?: boolean;
  /** How long an insert of that session may be late at the least, in ms. */
  readonly grace?: number;
}

/**
 * Whether a session of this birth is what was to be destroyed. The birth that is known may only be remembered: since then a
 * foreign store may have saved the session, which takes its birth away, and ours have given it another (`adoptedBirth`); or
 * another process may have given the id to a new session, before the destroy was called.
 */
export function isMeant({ birth: known, begun }: PendingDeletion, birth: string | undefined): boolean {
  return (
    known === undefined ||
    birth === undefined ||
    birth === known ||
    isAdopted(birth) ||
    (bornAt(birth) ?? Number.POSITIVE_INFINITY) < begun
  );
}

const firstPause = 250;
const longestPause = 5000;
/** Removals that go out together, so that a server that comes back is not met by all of them at once. */
const atOnce = 100;

/**
 * The destroys that were given up: their sessions are shown to nobody by this process, and they are tried again in the
 * background until they are confirmed. Bounded; while it is full, what it could not take in might be any session, so
 * core shows none.
 */
export class Deletions {
  readonly #pending = new Map<string, PendingDeletion>();
  readonly #limit: number;
  readonly #tryAgain: (pending: PendingDeletion) => Promise<void>;
  #pause = firstPause;
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> | undefined;
  #ended = false;
  /** When to stop for good, on the clock of `performance`. */
  #until = Number.POSITIVE_INFINITY;

  /** `tryAgain` makes one attempt and rejects when it failed. */
  constructor(tryAgain: (pending: PendingDeletion) => Promise<void>, limit = 10_000) {
    this.#tryAgain = tryAgain;
    this.#limit = limit;
  }

  get size(): number {
    return this.#pending.size;
  }

  get isFull(): boolean {
    return this.#pending.size >= this.#limit;
  }

  get isHalfFull(): boolean {
    return this.#pending.size >= this.#limit / 2;
  }

  get ids(): readonly string[] {
    return [...this.#pending.keys()];
  }

  get all(): readonly PendingDeletion[] {
    return [...this.#pending.values()];
  }

  of(id: string): PendingDeletion | undefined {
    return this.#pending.get(id);
  }

  /** Whether a record of this birth is not to be shown. */
  hides(id: string, birth: string | undefined): boolean {
    const pending = this.#pending.get(id);
    return pending !== undefined && isMeant(pending, birth);
  }

  /** `false`: there is no room. */
  add(id: string, birth: string | undefined, begun: number): boolean {
    if (!this.#pending.has(id) && this.isFull) {
      return false;
    }
    this.#pending.set(id, { id, birth, begun });
    this.#pause = firstPause;
    this.#schedule();
    return true;
  }

  /** Takes in what another process left, whatever there is room for: while there are too many, no session is shown. */
  restore(pending: PendingDeletion): void {
    this.#pending.set(pending.id, { ...pending });
    this.#schedule();
  }

  /** `pending`: what there was when the call that settles it was made; one that was added since stays. `false`: it was. */
  settle(id: string, pending: PendingDeletion | undefined): boolean {
    if (this.#pending.get(id) !== pending) {
      return false;
    }
    this.#pending.delete(id);
    return true;
  }

  /** Of those forgets the ones of which it is not known what they were to remove. Returns their ids. */
  settleUnknown(before: readonly PendingDeletion[]): string[] {
    const unknown = before.filter((one) => one.birth === undefined && this.settle(one.id, one));
    return unknown.map(({ id }) => id);
  }

  /** Goes on with what is pending until it is done or so many ms are over, and then for good stops. */
  async finish(timeLimit: number): Promise<void> {
    clearTimeout(this.#timer);
    this.#ended = true;
    this.#until = performance.now() + timeLimit;
    while (this.#pending.size > 0 && performance.now() < this.#until) {
      await this.#tryAll();
      if (this.#pending.size > 0) {
        const pause = Math.min(firstPause, this.#until - performance.now());
        await new Promise((resolve) => setTimeout(resolve, Math.max(0, pause)));
      }
    }
  }

  #schedule(): void {
    if (this.#timer !== undefined || this.#ended) {
      return;
    }
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        void this.#tryAll().then(() => {
          if (this.#pending.size > 0) {
            this.#pause = Math.min(longestPause, this.#pause * 2);
            this.#schedule();
          }
        });
      },
      this.#pause * (1 + Math.random()),
    );
    this.#timer.unref();
  }

  #tryAll(): Promise<void> {
    this.#round ??= this.#tryRound().finally(() => {
      this.#round = undefined;
    });
    return this.#round;
  }

  /**
   * A group that failed says nothing of the next, which may be for another part of the storage; that one which is away is not
   * asked too often is seen to by its breaker.
   */
  async #tryRound(): Promise<void> {
    const all = [...this.#pending.values()];
    for (let start = 0; start < all.length && performance.now() < this.#until; start += atOnce) {
      const group = all.slice(start, start + atOnce);
      await Promise.allSettled(group.map((pending) => this.#tryAgain(pending)));
    }
  }
}
