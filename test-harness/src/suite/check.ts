import type { Trial } from './trial.js';

/** `required`: what express-session documents. `promise`: what session-stores promises beyond that. */
export type Level = (typeof levels)[number];

export const levels = ['required', 'promise'] as const;

export const areas = [
  'interface',
  'destroy',
  'failure',
  'retry',
  'resurrection',
  'concurrency',
  'expiry',
  'data',
  'ids',
  'isolation',
  'express',
] as const;

export type Area = (typeof areas)[number];

/** What a subject must be able to take part in for a check to apply; the method names are those of the store. */
export type Need = (typeof needs)[number];

export const needs = [
  'network',
  'shared',
  'processes',
  'corrupt',
  'touch',
  'update',
  'destroyMany',
  'all',
  'ids',
  'length',
  'clear',
] as const;

/** One sentence about the behaviour of a session store, and how to find out whether it is true. */
export interface Check {
  /** Stable, `area/what`, for example `destroy/absent-is-success`. */
  readonly id: string;
  /** The sentence, as a user would say it. */
  readonly title: string;
  readonly area: Area;
  readonly level: Level;
  readonly needs: readonly Need[];
  /** Ms after which the check has failed; 30,000 unless told. */
  readonly timeout?: number | undefined;
  /** Rejects with a `CheckFailure` that says what was done, what was expected and what came. */
  run(trial: Trial): Promise<void>;
}

export type Outcome = 'passed' | 'failed' | 'not applicable';

export interface CheckResult {
  readonly check: Check;
  readonly outcome: Outcome;
  /** Why it failed, or why it does not apply. */
  readonly reason: string | undefined;
  readonly error: Error | undefined;
  /** Ms. */
  readonly duration: number;
}

/** Thrown by a check whose sentence is not true of the subject. */
export class CheckFailure extends Error {
  override readonly name = 'CheckFailure';

  constructor(did: string, expected: string, came: string) {
    super(`Did: ${did}\nExpected: ${expected}\nCame: ${came}`);
  }
}

/** Thrown by a check, or by what it works with, that turns out not to apply to the subject; `message` says why. */
export class NotApplicable extends Error {
  override readonly name = 'NotApplicable';
}

/** What a check throws into a store's callback, as an application with a defect does: it counts for no failure. */
export class ThrownOnPurpose extends Error {
  override readonly name = 'ThrownOnPurpose';
}
