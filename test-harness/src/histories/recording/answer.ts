import type { Store } from 'express-session';

export type Method = 'get' | 'set' | 'touch' | 'update' | 'destroy' | 'clear';

/** What became of a call: `result` of its callback, which is left out where there was an error or nothing; and when. */
export interface CallAnswer<Result> {
  readonly result: { readonly result: Result } | undefined;
  readonly at: number;
}

/** Calls a method with a callback, and resolves to its first answer, or after `patience` ms. Never rejects. */
export function answerOf<Result>(
  store: Store,
  method: Method,
  values: readonly unknown[],
  patience: number,
  now: () => number,
): Promise<CallAnswer<Result>> {
  return new Promise((resolve) => {
    const end = (result: CallAnswer<Result>['result']): void => {
      clearTimeout(timer);
      resolve({ result, at: now() });
    };
    const timer = setTimeout(end, patience, undefined);
    try {
      const call = (store as unknown as Record<Method, (...values: unknown[]) => unknown>)[method];
      const returned = call.call(store, ...values, (error: unknown, result: Result) => {
        if (!error) end({ result });
        else if (method === 'get' && isAbsence(error)) end({ result: undefined as Result });
        else end(undefined);
      });
      // Whoever gives a callback need not look at the promise as well.
      if (returned instanceof Promise) returned.catch(() => {});
    } catch {
      end(undefined);
    }
  });
}

/** As express-session reads an error of `get`: there is no such session. */
export function isAbsence(error: unknown): boolean {
  return (error as { code?: unknown }).code === 'ENOENT';
}
