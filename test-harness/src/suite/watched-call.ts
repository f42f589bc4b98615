import type { Store } from 'express-session';
import { CheckFailure } from './check.js';
import type { Supports } from './subject.js';

/**
 * Ms within which every operation is answered whatever the server does: the limits that session-stores promises (5 s, and
 * 15 s with retries), and 3 s for a busy machine.
 */
export function answerLimit(supports: Supports): number {
  return (supports.retries ? 15_000 : 5_000) + 3_000;
}

/** The first answer of a call. */
export interface Answer {
  readonly error: unknown;
  readonly result: unknown;
}

/** One call of a store's method with a callback, and what becomes of it. */
export class WatchedCall {
  readonly method: string;
  /** Resolves with the first answer; never rejects, and stays pending as long as there is none. */
  readonly answered: Promise<Answer>;
  /** How often the callback was called. */
  calls = 0;
  /** Whether it was called before the method had returned. */
  early = false;
  /** What the method threw. */
  thrown: unknown;
  /** What the method returned. */
  returned: unknown;

  constructor(store: Store, method: string, ...args: unknown[]) {
    this.method = method;
    const { promise, resolve } = Promise.withResolvers<Answer>();
    this.answered = promise;
    let hasReturned = false;
    try {
      const call = (store as unknown as Record<string, (...args: unknown[]) => unknown>)[method];
      this.returned = call?.call(store, ...args, (error: unknown, result: unknown) => {
        this.calls += 1;
        if (!hasReturned) this.early = true;
        resolve({ error, result });
      });
    } catch (error) {
      this.thrown = error;
    }
    hasReturned = true;
    // Whoever gives a callback need not look at the promise as well.
    if (this.returned instanceof Promise) this.returned.catch(() => {});
  }

  /** The answer; fails the check where there is none within so many ms. */
  async within(limit: number, did: string): Promise<Answer> {
    if (this.thrown !== undefined) {
      throw new CheckFailure(`${did}: ${this.method}`, 'failures in the callback', `it threw ${this.thrown}`);
    }
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      late.reject(new CheckFailure(`${did}: ${this.method}`, `an answer within ${limit} ms`, 'none'));
    }, limit);
    return Promise.race([this.answered, late.promise]).finally(() => clearTimeout(timer));
  }
}
