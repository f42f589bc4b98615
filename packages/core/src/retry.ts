import pRetry from 'p-retry';
import type { Awaitable } from './awaitable.js';
import { isTransient } from './errors.js';
import type { Operation } from './operation.js';

/** How a store retries what failed for a while. All of it happens within `operationTimeout`. */
export interface RetryOptions {
  /** How many times after the first attempt. Default 30: the time limit ends it first. */
  readonly retries?: number | undefined;
  /** Ms before the first retry. Default 50. */
  readonly minTimeout?: number | undefined;
  /** The longest wait between two attempts, in ms. Default 1,000. */
  readonly maxTimeout?: number | undefined;
  /** By how much each wait is longer than the one before. Default 2. */
  readonly factor?: number | undefined;
  /** Spread the waits at random between one and two times their length, so that processes do not retry in step. Default true. */
  readonly randomize?: boolean | undefined;
  /** Ms that one attempt may take before its connection is given up. Default 1,000. */
  readonly attemptTimeout?: number | undefined;
}

export type RetryPolicy = { readonly [Name in keyof RetryOptions]-?: NonNullable<RetryOptions[Name]> };

/**
 * Runs `attempt` until it succeeds, fails for good, or the operation is over. Without a policy it runs once.
 * `onRetry` is told of each failure that is followed by another attempt.
 */
export function withRetry<T>(
  operation: Operation,
  policy: RetryPolicy | undefined,
  attempt: () => Awaitable<T>,
  onRetry: (error: Error, attemptNumber: number) => void,
  isWorthRetry: (error: unknown) => boolean = isTransient,
): Awaitable<T> {
  const first = attempt();
  // What succeeds at first, which is nearly everything, has nothing to do with retries.
  return policy === undefined || !(first instanceof Promise)
    ? first
    : first.catch((error: Error) => retryAfter(error, operation, policy, attempt, onRetry, isWorthRetry));
}

/** Makes an attempt of an operation, and more of them as the options of a store say. */
export type Retried = <T>(operation: Operation, attempt: () => Awaitable<T>) => Awaitable<T>;

/** `onRetry` is told of each failure that is followed by another attempt. */
export function retriedBy(
  policy: RetryPolicy | undefined,
  onRetry: (operation: Operation, error: Error, attemptNumber: number) => void,
): Retried {
  return (operation, attempt) =>
    withRetry(operation, policy, attempt, (error, number) => onRetry(operation, error, number));
}

function retryAfter<T>(
  firstError: Error,
  operation: Operation,
  { attemptTimeout: _, ...options }: RetryPolicy,
  attempt: () => Awaitable<T>,
  onRetry: (error: Error, attemptNumber: number) => void,
  isWorthRetry: (error: unknown) => boolean,
): Promise<T> {
  let lastError = firstError;
  const retried = pRetry(
    (attemptNumber) => {
      if (attemptNumber === 1) {
        throw firstError;
      }
      if (operation.over) {
        throw lastError;
      }
      return attempt();
    },
    {
      ...options,
      maxRetryTime: operation.remaining,
      shouldRetry: ({ error, attemptNumber, retriesLeft }) => {
        lastError = error;
        const again = isWorthRetry(error) && !operation.over;
        if (again && retriesLeft > 0) {
          onRetry(error, attemptNumber);
        }
        return again;
      },
    },
  );
  return operation.race(retried);
}
