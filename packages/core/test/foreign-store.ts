import session from 'express-session';

export type Answer = (error?: unknown, value?: unknown) => void;

/** What a driver rejects with while its server is away. */
export function refused(code = 'ECONNREFUSED'): Error {
  return Object.assign(new Error(`connect ${code}`), { code, syscall: 'connect' });
}

/** A store with just these methods, as an express-session store of anyone may have them. */
export function storeWith(methods: object): session.Store {
  const missing = (): never => {
    throw new Error('not to be called');
  };
  return Object.assign(
    // Abstract only for TypeScript: older stores are made so.
    new (session.Store as unknown as new () => session.Store)(),
    { get: missing, set: missing, destroy: missing },
    methods,
  ) as never;
}

/** A method that calls back with these errors first, and then with `value`; counts its calls. */
export function failingFirst(errors: unknown[], value?: unknown) {
  const left = [...errors];
  const method = Object.assign(
    (...values: unknown[]): void => {
      method.calls++;
      const answer = values.at(-1) as Answer;
      const failure = left.shift();
      setImmediate(() => (failure === undefined ? answer(null, value) : answer(failure)));
    },
    { calls: 0 },
  );
  return method;
}
