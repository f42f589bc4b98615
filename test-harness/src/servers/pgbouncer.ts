import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Address } from '../suite/subject.js';
import { findProgram } from './find-program.js';
import { freePort } from './free-port.js';
import { ServerProcess } from './server-process.js';
import { unprivilegedUser } from './unprivileged-user.js';

export interface PgBouncerOptions {
  /** When a connection to the server goes back to the pool. Default: after each transaction. */
  readonly poolMode?: 'session' | 'transaction' | 'statement' | undefined;
  /** How many connections to the server it opens at most. Default 10. */
  readonly poolSize?: number | undefined;
}

/** A PgBouncer on 127.0.0.1 before a PostgreSQL, whose user `postgres` it is, whoever asks. */
export interface PgBouncer {
  readonly url: string;
  readonly port: number;
  readonly address: Address;
  /** SIGKILL, as in a crash. Resolves when it has ended. */
  kill(): Promise<void>;
  /** Kills it where it still runs, and starts it again on the same port. */
  restart(): Promise<void>;
  /** Ends it and deletes its folder. */
  stop(): Promise<void>;
}

const host = '127.0.0.1';
const startLimit = 10_000;

/** The pgbouncer of this machine: the one that PGBOUNCER names, else one on PATH or where Debian puts it. */
export function findPgBouncer(): string | undefined {
  return findProgram(process.env.PGBOUNCER, 'pgbouncer', '/usr/sbin/pgbouncer');
}

/** Resolves when it accepts connections. Rejects where there is no pgbouncer, or with what it said when it does not start. */
export async function startPgBouncer(
  server: { readonly address: Address },
  options: PgBouncerOptions = {},
): Promise<PgBouncer> {
  const program = findPgBouncer();
  if (program === undefined) throw new Error('no pgbouncer on PATH, and PGBOUNCER names none');
  const directory = await mkdtemp(join(tmpdir(), 'session-stores-pgbouncer-'));
  const port = await freePort();
  const settings = join(directory, 'pgbouncer.ini');
  await writeFile(settings, ini(port, server.address, options));
  // For the user as whom it runs.
  await chmod(directory, 0o755);
  const bouncer = new OwnPgBouncer(program, directory, settings, port);
  try {
    await bouncer.restart();
    return bouncer;
  } catch (error) {
    await bouncer.stop();
    throw error;
  }
}

function ini(
  port: number,
  server: Address,
  { poolMode = 'transaction', poolSize = 10 }: PgBouncerOptions,
): string {
  return `[databases]
* = host=${server.host} port=${server.port} user=postgres
[pgbouncer]
listen_addr = ${host}
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = ${poolMode}
default_pool_size = ${poolSize}
max_client_conn = 500
; By itself it looks after a server that was down only every 15 s.
server_login_retry = 1
`;
}

class OwnPgBouncer implements PgBouncer {
  readonly port: number;
  readonly #program: string;
  readonly #directory: string;
  readonly #settings: string;
  #process: ServerProcess | undefined;

  constructor(program: string, directory: string, settings: string, port: number) {
    this.port = port;
    this.#program = program;
    this.#directory = directory;
    this.#settings = settings;
  }

  get url(): string {
    return `postgres://postgres@${host}:${this.port}/postgres`;
  }

  get address(): Address {
    return { host, port: this.port };
  }

  async kill(): Promise<void> {
    await this.#process?.end('SIGKILL');
  }

  async restart(): Promise<void> {
    await this.kill();
    this.#process = new ServerProcess({
      program: this.#program,
      args: [this.#settings],
      temporary: this.#directory,
      killedBy: 'SIGKILL',
      options: { ...unprivilegedUser(), cwd: this.#directory },
    });
    await this.#process.said(/process up/, startLimit);
  }

  async stop(): Promise<void> {
    await this.kill();
    await rm(this.#directory, { recursive: true, force: true });
  }
}
