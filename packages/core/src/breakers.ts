import { Breaker } from './breaker.js';
import type { SessionStoreError } from './errors.js';

/** More than any storage with shards needs; the one of a route that is no longer used must not be remembered for ever. */
const maximumBreakers = 2000;

/** The route of calls that are about no session in particular, and of all calls where the backend has no routes. */
export const commonRoute = '';

/** Calls that a storage can answer while it refuses or holds up the others. */
export type CallKind = 'reads' | 'changes';

const reading = new Set(['read', 'scan', 'count']);

/** `action`: what the backend is called for. */
export const kindOf = (action: string): CallKind => (reading.has(action) ? 'reads' : 'changes');

/** What is told of the breakers, each by its route and the calls that it is for. */
export interface BreakersReports {
  opened(route: string, calls: CallKind, failures: number, error: SessionStoreError): void;
  closed(route: string, calls: CallKind, milliseconds: number): void;
}

/**
 * A breaker for each route, so that a shard that is down stops the calls of no other; and on each for reads and for changes,
 * because a full disk, a locked row or a server that has become a replica stops changes only, and nobody is to lose
 * the sessions that can be read for a change that is tried again and again.
 */
export class Breakers {
  readonly #breakers = new Map<string, Breaker>();
  readonly #name: string;
  readonly #reports: BreakersReports;

  /** `name`: what messages call the storage. */
  constructor(name: string, reports: BreakersReports) {
    this.#name = name;
    this.#reports = reports;
  }

  of(route: string, calls: CallKind): Breaker {
    const key = `${calls} ${route}`;
    let breaker = this.#breakers.get(key);
    if (breaker === undefined) {
      this.#forgetUnused();
      const server = route === commonRoute ? this.#name : `${this.#name} at ${route}`;
      breaker = new Breaker(`${server} (${calls})`, {
        opened: (failures, error) => this.#reports.opened(route, calls, failures, error),
        closed: (milliseconds) => this.#reports.closed(route, calls, milliseconds),
      });
      this.#breakers.set(key, breaker);
    }
    return breaker;
  }

  /** Whoever waits for a turn fails with `error`. */
  end(error: SessionStoreError): void {
    for (const breaker of this.#breakers.values()) {
      breaker.end(error);
    }
  }

  #forgetUnused(): void {
    if (this.#breakers.size < maximumBreakers) {
      return;
    }
    for (const [key, breaker] of this.#breakers) {
      if (breaker.isClosed) {
        this.#breakers.delete(key);
      }
    }
  }
}
