/**
 * What is there already, or will be. A storage inside this process has its answers at once, and to wait for a turn of the
 * event loop, or only for a promise, at each step from the call to the storage and back costs more than all the rest.
 */
export type Awaitable<T> = T | Promise<T>;

/** What a function of others gives, with a promise of another library or realm as one of ours. */
export function settling<T>(given: Awaitable<T>): Awaitable<T> {
  return typeof (given as Partial<Promise<T>> | null | undefined)?.then === 'function'
    ? Promise.resolve(given)
    : given;
}

/** `next` of what `awaitable` is, at once if that is there already. What `next` throws then is thrown. */
export function after<T, Result>(
  awaitable: Awaitable<T>,
  next: (value: T) => Awaitable<Result>,
): Awaitable<Result> {
  return awaitable instanceof Promise ? awaitable.then(next) : next(awaitable);
}

/** What `work` gives; `failed` of what it throws or rejects with. */
export function rescued<T>(work: () => Awaitable<T>, failed: (error: unknown) => Awaitable<T>): Awaitable<T> {
  let result: Awaitable<T>;
  try {
    result = work();
  } catch (error) {
    return failed(error);
  }
  return result instanceof Promise ? result.catch(failed) : result;
}

/** Runs `step` until it gives something. */
export function repeated<T>(step: () => Awaitable<T | undefined>): Awaitable<T> {
  for (;;) {
    const result = step();
    if (result instanceof Promise) {
      return repeatedAfter(result, step);
    }
    if (result !== undefined) {
      return result;
    }
  }
}

async function repeatedAfter<T>(
  first: Promise<T | undefined>,
  step: () => Awaitable<T | undefined>,
): Promise<T> {
  for (let result = await first; ; result = await step()) {
    if (result !== undefined) {
      return result;
    }
  }
}
