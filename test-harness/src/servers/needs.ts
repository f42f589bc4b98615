import { describe, inject, it } from 'vitest';
import type { ServerName, ServersAtHand } from './known-servers.js';

declare module 'vitest' {
  interface ProvidedContext {
    servers: ServersAtHand;
  }
  interface TaskMeta {
    /** This group of tests was not run, for want of that server. */
    missing?: ServerName;
  }
}

/**
 * `describe` for tests that need a server. `tests` gets its URL (or the path of the program). Where there is none, the
 * group is reported by name as NOT RUN, which is a failure under CI=true.
 */
export function describeWithServer(server: ServerName, name: string, tests: (where: string) => void): void {
  const where = inject('servers')[server];
  if (where === undefined) it(name, { skip: true, meta: { missing: server } }, () => {});
  else describe(name, () => tests(where));
}
