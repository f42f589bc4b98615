import type { Store } from 'express-session';

/** Where the methods of a store take their callback. */
const places = {
  get: 1,
  set: 2,
  touch: 2,
  destroy: 1,
  destroyMany: 1,
  update: 2,
  ids: 0,
  all: 0,
} as const;

/** So many are named; of the others it is enough to know that there are some. */
const mostNamed = 20;

type Method = (...values: unknown[]) => unknown;

/** Stands between an application and its store, and counts how often each callback is called. */
export class WatchedStore {
  calls = 0;
  slowest = 0;
  readonly calledTwice: string[] = [];
  readonly calledEarly: string[] = [];
  readonly #open = new Map<number, string>();

  constructor(store: Store) {
    const members = store as unknown as Record<string, Method | undefined>;
    for (const [name, place] of Object.entries(places)) {
      const method = members[name];
      if (typeof method !== 'function') continue;
      members[name] = (...values) => this.#call(store, name, method, place, values);
    }
  }

  /** The methods whose callback has not been called. */
  get neverCalled(): string[] {
    return [...this.#open.values()].slice(0, mostNamed);
  }

  #call(store: Store, name: string, method: Method, place: number, values: unknown[]): unknown {
    const callback = values[place];
    if (typeof callback !== 'function') return method.apply(store, values);
    const number = ++this.calls;
    const startedAt = performance.now();
    let times = 0;
    let hasReturned = false;
    this.#open.set(number, name);
    const watched = (...answer: unknown[]): void => {
      times += 1;
      if (!hasReturned) note(this.calledEarly, name);
      if (times > 1) {
        // What an application makes of a second call is another story, and would hide this one.
        note(this.calledTwice, name);
        return;
      }
      this.#open.delete(number);
      this.slowest = Math.max(this.slowest, performance.now() - startedAt);
      callback(...answer);
    };
    try {
      return method.apply(store, [...values.slice(0, place), watched, ...values.slice(place + 1)]);
    } finally {
      hasReturned = true;
    }
  }
}

function note(list: string[], name: string): void {
  if (list.length < mostNamed) list.push(name);
}
