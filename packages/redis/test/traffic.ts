import type { RetryingRedisStore } from '../src/index.js';

/** What became of one session. Times are those of `performance`. */
export interface History {
  readonly id: string;
  readonly begunAt: number;
  endedAt: number;
  /** How often it was counted up, as far as that was acknowledged. */
  count: number;
  destroyed: 'no' | 'acknowledged' | 'failed';
  /** A call failed, so that nobody knows what it did. */
  uncertain: boolean;
}

/** A call that was answered with an error. */
export interface Failure {
  readonly call: string;
  readonly error: unknown;
  /** Ms until the answer. */
  readonly took: number;
  /** Ms that the store had for it. */
  readonly limit: number;
}

/** Stores and the operation time that each was given. */
export type StoresWithLimits = readonly (readonly [store: RetryingRedisStore, limit: number])[];

const users = 24;
/** Ms between two calls of a user: the traffic is there for what is in it when something breaks, not to be heavy. */
const pause = 5;

/** Users who save, change and destroy sessions of their own, each call on whichever of the stores comes next. */
export class Traffic {
  readonly histories: History[] = [];
  readonly failures: Failure[] = [];
  /** Calls whose callback did not run just once. */
  readonly misanswered: string[] = [];
  /** The longest that any call took beyond its limit, in ms. */
  late = Number.NEGATIVE_INFINITY;
  answered = 0;
  readonly #stores: StoresWithLimits;
  readonly #prefix: string;
  #calls = 0;
  #ended = false;
  #running: Promise<unknown> | undefined;

  constructor(stores: StoresWithLimits, prefix: string) {
    this.#stores = stores;
    this.#prefix = prefix;
  }

  start(): void {
    this.#running = Promise.all(Array.from({ length: users }, (_, user) => this.#visit(user)));
  }

  /** Resolves when every call has been answered. */
  async end(): Promise<void> {
    this.#ended = true;
    await this.#running;
  }

  /** Sessions that were begun after this time, and of which all that was done is known. */
  completeSince(time: number): number {
    const complete = this.histories.filter(({ endedAt, uncertain }) => endedAt > 0 && !uncertain);
    return complete.filter(({ begunAt }) => begunAt > time).length;
  }

  async #visit(user: number): Promise<void> {
    for (let visit = 0; !this.#ended; visit += 1) {
      const id = `${this.#prefix} ${user} ${visit}`;
      const begunAt = performance.now();
      const history: History = { id, begunAt, endedAt: 0, count: 0, destroyed: 'no', uncertain: false };
      this.histories.push(history);
      const session = { cookie: { originalMaxAge: 600_000 }, count: 0 };
      history.uncertain = !(await this.#call('set', id, session));
      for (let step = 0; step < 3 && !history.uncertain; step += 1) {
        const counted = await this.#call('update', id, (stored: { count: number }) => {
          stored.count += 1;
        });
        if (counted) history.count += 1;
        else history.uncertain = true;
      }
      if (visit % 3 > 0) history.destroyed = (await this.#call('destroy', id)) ? 'acknowledged' : 'failed';
      history.endedAt = performance.now();
    }
  }

  /** Resolves to whether it succeeded. */
  async #call(method: 'set' | 'update' | 'destroy', ...parameters: readonly unknown[]): Promise<boolean> {
    await new Promise((resolve) => setTimeout(resolve, pause));
    this.#calls += 1;
    const [store, limit] = this.#stores[this.#calls % this.#stores.length] as StoresWithLimits[number];
    const started = performance.now();
    let answers = 0;
    const error = await new Promise<unknown>((resolve) => {
      const callback = (failed: unknown) => {
        answers += 1;
        if (answers > 1) this.misanswered.push(`${method} was answered ${answers} times`);
        resolve(failed);
      };
      (store[method] as (...given: unknown[]) => unknown).call(store, ...parameters, callback);
    });
    const took = performance.now() - started;
    this.late = Math.max(this.late, took - limit);
    this.answered += 1;
    if (error) this.failures.push({ call: method, error, took, limit });
    return !error;
  }
}
