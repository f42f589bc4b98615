import type { SessionBackend } from './backend.js';

/**
 * A backend that does as another one, but for `changes`. It has those optional primitives that the other one has, because
 * core asks what is there; what the other one finds out only while it is in use is asked for each time.
 */
export function decorated<Changes extends Partial<SessionBackend>>(
  backend: SessionBackend,
  changes: Changes,
): SessionBackend & Changes {
  const { routeOf, open, count, clear, watch } = backend;
  const same: SessionBackend = {
    name: backend.name,
    settlesAtOnce: backend.settlesAtOnce === true,
    pipelines: backend.pipelines === true,
    ...(routeOf && { routeOf: routeOf.bind(backend) }),
    ...(open && { open: open.bind(backend) }),
    ...(count && { count: count.bind(backend) }),
    ...(clear && { clear: clear.bind(backend) }),
    ...(watch && { watch: watch.bind(backend) }),
    close: () => backend.close(),
    read: (ids, context) => backend.read(ids, context),
    write: (writes, context) => backend.write(writes, context),
    touch: (touches, context) => backend.touch(touches, context),
    remove: (removals, context) => backend.remove(removals, context),
    scan: (context) => backend.scan(context),
    isTransient: (error) => backend.isTransient(error),
  };
  return Object.defineProperties(Object.assign(same, changes), {
    prune: { get: () => backend.prune?.bind(backend) },
    expiryUncertainty: { get: () => backend.expiryUncertainty },
  });
}
