import { Breaker } from './breaker.js';
import type { SessionStoreError } from './errors.js';

/** More routes than any storage has shards; a route that is no longer used must not be remembered for ever. */
const maximumRoutes = 1000;

/** The route of calls that are about no session in particular, and of all calls where the backend has no routes. */
export const commonRoute = '';

/** What is told of the breakers, each by its route. */
export interface BreakersReports {
  opened(route: string, failures: number, error: SessionStoreError): void;
  closed(route: string, milliseconds: number): void;
}

/** A breaker for each route, so that a shard that is down stops the calls of no other. */
export class Breakers {
  readonly #breakers = new Map<string, Breaker>();
  readonly #name: string;
  readonly #reports: BreakersReports;

  /** `name`: what messages call the storage. */
  constructor(name: string, reports: BreakersReports) {
    this.#name = name;
    this.#reports = reports;
  }

  of(route: string): Breaker {
    let breaker = this.#breakers.get(route);
    if (breaker === undefined) {
      this.#forgetUnused();
      breaker = new Breaker(route === commonRoute ? this.#name : `${this.#name} at ${route}`, {
        opened: (failures, error) => this.#reports.opened(route, failures, error),
        closed: (milliseconds) => this.#reports.closed(route, milliseconds),
      });
      this.#breakers.set(route, breaker);
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
    if (this.#breakers.size < maximumRoutes) {
      return;
    }
    for (const [route, breaker] of this.#breakers) {
      if (breaker.isClosed) {
        this.#breakers.delete(route);
      }
    }
  }
}
