/**
 * `promise`, or a rejection with what `failure` makes as soon as `signal` aborts; what becomes of `promise` then is nobody's
 * concern. For backends, whose calls have to end with their signal whatever the driver does.
 */
export function untilAborted<Value>(
  promise: Promise<Value>,
  signal: AbortSignal,
  failure: () => Error,
): Promise<Value> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(failure());
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  });
}
