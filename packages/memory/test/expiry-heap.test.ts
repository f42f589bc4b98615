import { describe, expect, it } from 'vitest';
import { type Expiring, ExpiryHeap } from '../src/expiry-heap.js';

/** An item that counts how often its expiry is looked at. */
class Counted implements Expiring {
  static looks = 0;
  place = 0;
  #expiresAt: number;

  constructor(expiresAt: number) {
    this.#expiresAt = expiresAt;
  }

  get expiresAt(): number {
    Counted.looks++;
    return this.#expiresAt;
  }

  set expiresAt(value: number) {
    this.#expiresAt = value;
  }
}

/** The same numbers in every run. */
function* numbers(): Generator<number, never> {
  for (let state = 12_345; ; ) {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    yield state;
  }
}

describe('ExpiryHeap', () => {
  it('gives out what expires first, through any order of additions, moves and removals', () => {
    const random = numbers();
    const heap = new ExpiryHeap<Counted>();
    const items = new Set<Counted>();
    for (let step = 0; step < 5_000; step++) {
      const kind = (random.next().value >> 8) % 4;
      const some = [...items][(random.next().value >> 8) % Math.max(items.size, 1)];
      const expiry = (random.next().value >> 8) % 1_000;
      if (kind < 2 || some === undefined) {
        const item = new Counted(expiry === 0 ? Number.POSITIVE_INFINITY : expiry);
        items.add(item);
        heap.add(item);
      } else if (kind === 2) {
        heap.move(some, expiry);
      } else {
        items.delete(some);
        heap.remove(some);
      }
      expect(heap.size).toBe(items.size);
      expect(heap.first?.expiresAt).toBe(
        items.size === 0 ? undefined : Math.min(...[...items].map(({ expiresAt }) => expiresAt)),
      );
    }
  });

  it('looks at a few items only, however many there are', () => {
    const random = numbers();
    const heap = new ExpiryHeap<Counted>();
    const items = Array.from({ length: 100_000 }, () => new Counted(random.next().value));
    for (const item of items) heap.add(item);
    Counted.looks = 0;
    for (let index = 0; index < 1_000; index++) {
      heap.move(items[index] as Counted, random.next().value);
      heap.remove(heap.first as Counted);
    }
    // A path through 100,000 items is 17 long, with at most four looks a step.
    expect(Counted.looks / 2_000).toBeLessThan(17 * 4 + 8);
  });
});
