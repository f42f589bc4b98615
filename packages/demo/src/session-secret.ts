import { randomBytes } from 'node:crypto';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { MisuseError } from './misuse-error.js';

export interface SessionSecret {
  readonly secret: string;
  /** What whoever starts the demo should know about it. */
  readonly notice: string | undefined;
}

/**
 * What cookies are signed with. Without one from the environment: beside an SQLite file, where the sessions outlive the
 * process, one is kept that only its owner may read; elsewhere it is new at every start, and the old cookies are worth
 * nothing. Throws a `MisuseError`.
 */
export function sessionSecret(given: string | undefined, databasePath: string | undefined): SessionSecret {
  if (given !== undefined) return { secret: given, notice: undefined };
  if (databasePath !== undefined && databasePath !== ':memory:') return keptSecret(`${databasePath}.secret`);
  return {
    secret: newSecret(),
    notice: 'SESSION_SECRET is not set: everybody is logged out when this process ends.',
  };
}

function keptSecret(path: string): SessionSecret {
  const secret = newSecret();
  try {
    writeFileSync(path, secret, { flag: 'wx', mode: 0o600 });
    return { secret, notice: `SESSION_SECRET is not set: made one and keep it in ${path}.` };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw unusable(path, (error as Error).message);
  }
  try {
    chmodSync(path, 0o600);
    const kept = readFileSync(path, 'utf8').trim();
    if (kept.length >= 32) return { secret: kept, notice: undefined };
  } catch (error) {
    throw unusable(path, (error as Error).message);
  }
  throw unusable(path, 'it has less than 32 characters; delete it');
}

function unusable(path: string, why: string): MisuseError {
  return new MisuseError(`the secret cannot be kept in ${path}: ${why}; or set SESSION_SECRET`);
}

function newSecret(): string {
  return randomBytes(32).toString('base64url');
}
