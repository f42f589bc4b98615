import { type Expiring, ExpiryHeap } from './expiry-heap.js';

interface Grave extends Expiring {
  readonly key: string;
}

/** The births that may not come back yet. Every new grave takes those with it whose grace has ended. */
export class Graves {
  readonly #graves = new Map<string, Grave>();
  readonly #byEnd = new ExpiryHeap<Grave>();

  get size(): number {
    return this.#graves.size;
  }

  /** A birth that is in its grave already stays there for the longer of both times. */
  dig(id: string, birth: string, grace: number, now: number): void {
    this.prune(Number.POSITIVE_INFINITY, now);
    if (grace <= 0) return;
    const key = keyOf(id, birth);
    const there = this.#graves.get(key);
    if (there !== undefined) {
      this.#byEnd.move(there, Math.max(there.expiresAt, now + grace));
      return;
    }
    const grave = { key, expiresAt: now + grace, place: 0 };
    this.#graves.set(key, grave);
    this.#byEnd.add(grave);
  }

  has(id: string, birth: string, now: number): boolean {
    // Nothing to look up for nearly every insert: this process needs graves only where an option does.
    const grave = this.#graves.size === 0 ? undefined : this.#graves.get(keyOf(id, birth));
    return grave !== undefined && grave.expiresAt > now;
  }

  /** Deletes at most `limit` graves whose grace has ended. */
  prune(limit: number, now: number): number {
    let pruned = 0;
    for (let first = this.#byEnd.first; pruned < limit; first = this.#byEnd.first) {
      if (first === undefined || first.expiresAt > now) break;
      this.#byEnd.remove(first);
      this.#graves.delete(first.key);
      pruned++;
    }
    return pruned;
  }

  clear(): void {
    this.#graves.clear();
    this.#byEnd.clear();
  }
}

/** Neither an id nor a birth has a U+0000 in it. */
function keyOf(id: string, birth: string): string {
  return `${id}\u0000${birth}`;
}
