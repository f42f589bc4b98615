import { type SessionData, Store } from 'express-session';
import { type Callback, deliver } from './answer.js';
import { checkNames } from './check-options.js';
import { codeOf, isMissingSocket, isPassing, neverSent } from './connection-errors.js';
import { BackendError, InvalidOptionError, SessionStoreError } from './errors.js';
import { describe, Operation } from './operation.js';
import { policyOf, type SessionStoreOptions, settingsOf } from './options.js';
import { type Change, ReplacedChanges } from './replaced-changes.js';
import { type RetryOptions, type RetryPolicy, withRetry } from './retry.js';
import { ownStore } from './store.js';
import { TimeLimit } from './time-limit.js';

export interface RetryingStoreOptions extends Pick<SessionStoreOptions, 'operationTimeout'> {
  readonly retry?: RetryOptions | undefined;
  /** Whether an error of the inner store may pass by itself. Default: the error codes of connections, and time-outs. */
  readonly isTransient?: ((error: unknown) => boolean) | undefined;
}

type Method = (...values: unknown[]) => unknown;

/** What a store may have beyond `get`, `set` and `destroy`, and whether asking twice is harmless. */
const optionalMethods: Readonly<Record<string, 'retried' | 'once'>> = {
  touch: 'retried',
  all: 'once',
  ids: 'once',
  length: 'once',
  clear: 'once',
};

/**
 * Retries around an express-session store of anyone, whatever its age and habits: callbacks or promises, errors thrown,
 * answers given twice or never. `get`, `touch` and `destroy` are retried; `set` only where nothing can have been sent,
 * because it could put back what others have changed since. A newer `set`, `destroy` or `clear` takes the place of a `set`
 * or `touch` that waits to be tried again. It has just the methods that the inner store has.
 *
 * Throws `InvalidOptionError` for what is no store, and for a store of session-stores, which retries better by itself.
 */
export class RetryingStore extends Store {
  readonly #inner: Store;
  readonly #operationLimit: TimeLimit;
  readonly #policy: RetryPolicy;
  readonly #isTransient: (error: unknown) => boolean;
  readonly #changes = new ReplacedChanges();

  constructor(inner: Store, options?: RetryingStoreOptions) {
    super();
    checkInner(inner);
    checkNames('RetryingStore', options ?? {}, ['retry', 'isTransient', 'operationTimeout']);
    const { retry = {}, isTransient = isPassing, operationTimeout } = options ?? {};
    if (typeof isTransient !== 'function') {
      throw new InvalidOptionError(
        "RetryingStore: option 'isTransient' must be a function (error) => boolean",
      );
    }
    this.#inner = inner;
    this.#isTransient = isTransient;
    this.#policy = policyOf('RetryingStore', retry);
    const settings = settingsOf('RetryingStore', { operationTimeout, retry });
    this.#operationLimit = new TimeLimit(settings.operationTimeout);
    for (const [name, kind] of Object.entries(optionalMethods)) {
      if (typeof (inner as unknown as Record<string, unknown>)[name] === 'function') {
        this.#forward(name, kind);
      }
    }
    for (const event of ['connect', 'disconnect']) {
      (inner as { on?: Method }).on?.(event, () => this.emit(event));
    }
  }

  override get(
    id: string,
    callback?: Callback<SessionData | null | undefined>,
  ): Promise<SessionData | null | undefined> {
    const found = this.#call<SessionData | null | undefined>('get', [id], this.#isTransient).catch(
      (error) => {
        // What express-session reads as "no such session". A socket that is not there has the same code (pg).
        if (error?.code === 'ENOENT' && error.syscall !== 'connect') {
          return undefined;
        }
        throw error;
      },
    );
    return deliver(found.catch(rethrowNamed), callback);
  }

  override set(id: string, session: SessionData, callback?: Callback<void>): Promise<void> {
    const done = this.#changes.run(id, true, (change) =>
      this.#call<void>('set', [id, session], neverSent, change),
    );
    return deliver(done.catch(rethrowNamed), callback);
  }

  override destroy(id: string, callback?: Callback<void>): Promise<void> {
    // Nothing takes its place: a save that comes later is no reason to forget a logout.
    const done = this.#changes.run(id, true, () => this.#call<void>('destroy', [id], this.#isTransient));
    return deliver(done.catch(rethrowNamed), callback);
  }

  #forward(name: string, kind: 'retried' | 'once'): void {
    const method = (...values: unknown[]): Promise<unknown> => {
      const callback = typeof values.at(-1) === 'function' ? (values.pop() as Callback<unknown>) : undefined;
      const done =
        kind === 'retried' ? this.#retried(name, values) : this.#call(name, values, neverWorthRetry);
      if (name === 'clear') {
        this.#changes.replaceAll(done);
      }
      return deliver(done.catch(rethrowNamed), callback);
    };
    Object.defineProperty(this, name, { value: method, configurable: true, writable: true });
  }

  #retried(name: string, values: unknown[]): Promise<unknown> {
    return this.#changes.run(values[0] as string, false, (change) =>
      this.#call(name, values, this.#isTransient, change),
    );
  }

  async #call<T>(
    name: string,
    values: unknown[],
    isWorthRetry: (error: unknown) => boolean,
    change?: Change,
  ): Promise<T> {
    const id = typeof values[0] === 'string' ? values[0] : undefined;
    const operation = new Operation(name, id, this.#operationLimit).start();
    let lastError: unknown;
    try {
      return await withRetry(
        operation,
        this.#policy,
        () =>
          change?.replacedBy === undefined
            ? operation.race(this.#attempt<T>(operation, name, values, isWorthRetry))
            : Promise.reject(lastError),
        () => {},
        (error) => {
          lastError = error;
          return isWorthRetry(error) && change?.replacedBy === undefined;
        },
      );
    } catch (error) {
      const newer = change?.replacedBy;
      if (newer === undefined || !isWorthRetry(error)) {
        throw error;
      }
      // As if it had been done just before the newer one, unless that fails too.
      await operation.race(newer.outcome as Promise<unknown>).catch(() => {
        throw error;
      });
      return undefined as T;
    } finally {
      operation.end();
    }
  }

  /** One call of the inner store. Its first answer counts, by callback or promise. */
  #attempt<T>(
    operation: Operation,
    name: string,
    values: unknown[],
    isWorthRetry: (error: unknown) => boolean,
  ): Promise<T> {
    // What is not tried again may take all the time there is.
    const limit =
      isWorthRetry === this.#isTransient ? this.#policy.attemptTimeout : this.#operationLimit.length;
    return new Promise<T>((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new SessionStoreError('TIMEOUT', `${describe(operation)}: no answer within ${limit} ms`));
      }, limit);
      const settle = (error: unknown, value?: T): void => {
        clearTimeout(timer);
        if (error) {
          reject(asError(error));
        } else {
          resolve(value as T);
        }
      };
      try {
        const method = (this.#inner as unknown as Record<string, Method>)[name] as Method;
        const returned = method.call(this.#inner, ...values, settle);
        // An async function that takes a callback may have resolved to nothing long before it calls that back.
        const answersByPromise = method.length <= values.length;
        if (typeof (returned as PromiseLike<T> | undefined)?.then === 'function') {
          (returned as PromiseLike<T>).then(
            (value) => (answersByPromise || value !== undefined) && settle(null, value),
            (error: unknown) => settle(error ?? new Error(`${name} was rejected without an error`)),
          );
        }
      } catch (error) {
        settle(error ?? new Error(`${name} threw without an error`));
      }
    });
  }
}

function checkInner(inner: Store): void {
  const has = (name: string): boolean =>
    typeof (inner as unknown as Record<string, unknown> | null)?.[name] === 'function';
  if (typeof inner !== 'object' || !['get', 'set', 'destroy'].every(has)) {
    throw new InvalidOptionError(
      'RetryingStore: pass an express-session store: an object with get, set and destroy',
    );
  }
  if (ownStore in inner) {
    throw new InvalidOptionError(
      'RetryingStore: this store is one of session-stores and retries better by itself; use its Retrying form, or pass it the option retry',
    );
  }
}

function neverWorthRetry(): boolean {
  return false;
}

function asError(error: unknown): Error {
  return error instanceof Error
    ? error
    : new SessionStoreError('BACKEND_FAILED', 'The store failed with something that is no Error', {
        cause: error,
      });
}

/** express-session takes an error with the code ENOENT for "no such session". */
function rethrowNamed(error: unknown): never {
  if (codeOf(error) === 'ENOENT') {
    throw new BackendError(
      isMissingSocket(error),
      'The storage of the session store is not there (ENOENT)',
      error,
    );
  }
  throw error;
}
