/** What the heap holds: it expires, and knows its place so that it can be moved or taken out without a search. */
export interface Expiring {
  /** Epoch ms; `Infinity`: never. */
  expiresAt: number;
  /** Kept by the heap. */
  place: number;
}

/** A binary heap with the item that expires first on top: every change costs the logarithm of its size, no look at all items. */
export class ExpiryHeap<Item extends Expiring> {
  readonly #items: Item[] = [];

  get size(): number {
    return this.#items.length;
  }

  get first(): Item | undefined {
    return this.#items[0];
  }

  add(item: Item): void {
    this.#put(item, this.#items.length);
    this.#rise(item);
  }

  remove(item: Item): void {
    const last = this.#items.pop();
    if (last === undefined || last === item) return;
    this.#put(last, item.place);
    this.#settle(last);
  }

  /** Sets another expiry and moves the item to where it then belongs. */
  move(item: Item, expiresAt: number): void {
    item.expiresAt = expiresAt;
    this.#settle(item);
  }

  clear(): void {
    this.#items.length = 0;
  }

  #settle(item: Item): void {
    this.#rise(item);
    this.#sink(item);
  }

  #rise(item: Item): void {
    while (item.place > 0) {
      const place = item.place;
      const above = this.#items[(place - 1) >> 1] as Item;
      if (above.expiresAt <= item.expiresAt) return;
      this.#put(item, above.place);
      this.#put(above, place);
    }
  }

  #sink(item: Item): void {
    for (;;) {
      const place = item.place;
      const left = this.#items[2 * place + 1];
      const right = this.#items[2 * place + 2];
      const below =
        left !== undefined && right !== undefined && right.expiresAt < left.expiresAt ? right : left;
      if (below === undefined || below.expiresAt >= item.expiresAt) return;
      this.#put(item, below.place);
      this.#put(below, place);
    }
  }

  #put(item: Item, place: number): void {
    item.place = place;
    this.#items[place] = item;
  }
}
