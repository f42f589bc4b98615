import { parseArgs } from 'node:util';
import { MisuseError } from './misuse-error.js';

export interface Settings {
  /** Where the sessions live; `open-store.ts` says what it may be. */
  readonly store: string;
  readonly host: string;
  readonly port: number;
  /** Ms after which a session ends that nobody used. */
  readonly idleLimit: number;
  /** `undefined`: none was given. */
  readonly secret: string | undefined;
}

export const usage = `A shop in which nobody can pay: the demo of session-stores.

  --store <store>    sqlite:./path.db   a file, which keeps the sessions over a restart (default sqlite:./session-stores-demo.db)
                     memory             gone when the demo ends
                     redis://host:port  a Redis server (rediss:// for TLS)
                     postgres://user:password@host/database
                     mongodb://host:port/database  (or mongodb+srv://)
  --help

Environment
  STORE              as --store
  PORT, HOST         where to listen, default 3000 and 127.0.0.1
  IDLE_MINUTES       how long a session lives that nobody uses, default 15
  SESSION_SECRET     what session cookies are signed with, at least 32 characters
`;

/** `undefined`: the usage was asked for. Throws a `MisuseError`. */
export function settingsFrom(args: readonly string[], env: NodeJS.ProcessEnv): Settings | undefined {
  const values = parsed(args);
  if (values.help) return undefined;
  return {
    store: values.store || env.STORE || 'sqlite:./session-stores-demo.db',
    host: env.HOST || '127.0.0.1',
    port: number('PORT', env.PORT || '3000', 0, 65_535, Number.isInteger),
    idleLimit: 60_000 * number('IDLE_MINUTES', env.IDLE_MINUTES || '15', 0.01, 60 * 24 * 20),
    secret: secretFrom(env.SESSION_SECRET),
  };
}

function parsed(args: readonly string[]) {
  try {
    const options = { store: { type: 'string' }, help: { type: 'boolean', short: 'h' } } as const;
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    throw new MisuseError(`${(error as Error).message}\n\n${usage}`, { cause: error });
  }
}

function number(
  name: string,
  text: string,
  least: number,
  most: number,
  isFit: (value: number) => boolean = Number.isFinite,
): number {
  const value = Number(text);
  if (!isFit(value) || value < least || value > most) {
    throw new MisuseError(`${name} must be a number from ${least} to ${most}, and is '${text}'`);
  }
  return value;
}

function secretFrom(secret: string | undefined): string | undefined {
  if (secret === undefined || secret === '') return undefined;
  if (secret.length >= 32) return secret;
  throw new MisuseError(
    `SESSION_SECRET must have at least 32 characters, or the cookies could be forged: openssl rand -base64 32`,
  );
}
