import { execFileSync } from 'node:child_process';

/** As whom to run a program: the ids for `spawn`, none for the user that we are. */
export interface User {
  readonly uid?: number;
  readonly gid?: number;
}

/** PostgreSQL and PgBouncer refuse to run as root. Whoever is somebody else runs them as himself. */
export function unprivilegedUser(): User {
  if (process.getuid?.() !== 0) return {};
  const number = (flag: string) => Number(execFileSync('id', [flag, 'nobody'], { encoding: 'utf8' }));
  return { uid: number('-u'), gid: number('-g') };
}
