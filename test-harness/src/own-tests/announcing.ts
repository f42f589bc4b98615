import type { CallContext, SessionBackend } from '@session-stores/core';

/** The backend as a store with a cache calls it: every change is to be announced. */
export function announcing<Backend extends SessionBackend>(backend: Backend): Backend {
  const { write, touch, remove, clear } = backend;
  const told = <Context extends CallContext>(context: Context): Context => ({
    ...context,
    announceAs: 'another',
  });
  return Object.assign(backend, {
    write: (writes, context) => write.call(backend, writes, told(context)),
    touch: (touches, context) => touch.call(backend, touches, told(context)),
    remove: (removals, context) => remove.call(backend, removals, told(context)),
    ...(clear && { clear: (context) => clear.call(backend, told(context)) }),
  } satisfies Partial<SessionBackend>);
}
