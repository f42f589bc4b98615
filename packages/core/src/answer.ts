import { SessionStoreError } from './errors.js';

/** `error` is `null` on success, and a `SessionStoreError`, or what a function of the application threw, on failure. */
// biome-ignore lint/suspicious/noExplicitAny: the callbacks of express-session are typed so
export type Callback<T> = (error: any, value?: T) => void;

const ignore = (): void => {};

/**
 * Answers by the callback, exactly once and never synchronously, and by the promise. What the callback throws is an
 * uncaught exception of the application, as in any callback; it is not taken for a failure of the operation.
 */
export function deliver<T>(promise: Promise<T>, callback: Callback<T> | null | undefined): Promise<T> {
  promise.catch(ignore);
  if (callback === undefined || callback === null) {
    return promise;
  }
  if (typeof callback !== 'function') {
    return refuseCallback(callback);
  }
  promise.then(
    (value) =>
      value === undefined ? process.nextTick(callback, null) : process.nextTick(callback, null, value),
    (error: unknown) => process.nextTick(callback, error),
  );
  return promise;
}

/** The answer to whoever passed something for a callback that is no function. */
export function refuseCallback(callback: unknown): Promise<never> {
  const refused = Promise.reject(
    new SessionStoreError(
      'INVALID_ARGUMENT',
      `The callback is of type ${typeof callback}; pass a function, or none`,
    ),
  );
  refused.catch(ignore);
  return refused;
}
