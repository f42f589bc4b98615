import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Address } from '../suite/subject.js';
import { buildFerret } from './ferretdb-program.js';
import { findMongo, type MongoProgram } from './find-mongo.js';
import { freePort } from './free-port.js';
import { answersPing } from './mongo-ping.js';
import { ServerProcess } from './server-process.js';

/** A server of the MongoDB protocol on 127.0.0.1 that belongs to the test alone, without access control. */
export interface MongoServer {
  /** A real mongod, or FerretDB, which has no TTL indexes, transactions or replica sets. */
  readonly kind: MongoProgram['kind'];
  readonly url: string;
  readonly port: number;
  readonly address: Address;
  /** SIGKILL, as in a crash. Resolves when it has ended. */
  kill(): Promise<void>;
  /** Kills it where it still runs, and starts it again on the same port and data. */
  restart(): Promise<void>;
  /** Ends it and deletes its folder. */
  stop(): Promise<void>;
}

const host = '127.0.0.1';
const startLimit = 60_000;

/**
 * Starts a real mongod where one can be had, else FerretDB; resolves when it answers. Rejects where neither is there, or
 * with what the server said when it does not start.
 */
export async function startMongo(): Promise<MongoServer> {
  const program = await findMongo();
  if (program === undefined) {
    throw new Error(
      'no mongod on PATH or in MONGOMS_SYSTEM_BINARY, none to download, and no go to compile FerretDB',
    );
  }
  return startOwnMongo(program);
}

/** Starts FerretDB, also where there is a real mongod. Rejects where it cannot be compiled, or does not start. */
export async function startFerret(): Promise<MongoServer> {
  return startOwnMongo({ kind: 'ferretdb', path: await buildFerret() });
}

/** `args`: more of mongod's arguments. */
export async function startOwnMongo(program: MongoProgram, args: readonly string[] = []): Promise<OwnMongo> {
  const directory = await mkdtemp(join(tmpdir(), 'session-stores-mongo-'));
  const server = new OwnMongo(program, directory, await freePort(), args);
  try {
    await server.restart();
    return server;
  } catch (error) {
    await server.stop();
    throw error;
  }
}

export class OwnMongo implements MongoServer {
  readonly port: number;
  readonly #program: MongoProgram;
  readonly #directory: string;
  readonly #args: readonly string[];
  #process: ServerProcess | undefined;

  constructor(program: MongoProgram, directory: string, port: number, args: readonly string[]) {
    this.port = port;
    this.#program = program;
    this.#directory = directory;
    this.#args = args;
  }

  get kind(): MongoProgram['kind'] {
    return this.#program.kind;
  }

  get url(): string {
    return `mongodb://${host}:${this.port}/`;
  }

  get address(): Address {
    return { host, port: this.port };
  }

  async kill(): Promise<void> {
    await this.#process?.end('SIGKILL');
  }

  async restart(): Promise<void> {
    await this.kill();
    const own = this.kind === 'mongod' ? mongodArguments : ferretArguments;
    this.#process = new ServerProcess({
      program: this.#program.path,
      args: [...own(this.port, this.#directory), ...this.#args],
      temporary: this.#directory,
      killedBy: 'SIGKILL',
    });
    await this.ready(() => answersPing(host, this.port), startLimit);
  }

  /** As ServerProcess.ready: rejects with what the server has said. */
  async ready(isReady: () => Promise<boolean>, limit: number): Promise<void> {
    if (this.#process === undefined) throw new Error('the server has not been started');
    await this.#process.ready(isReady, limit);
  }

  async stop(): Promise<void> {
    await this.kill();
    await rm(this.#directory, { recursive: true, force: true });
  }
}

/** What every mongod from 4.4 to 8 takes: nothing about the journal, whose switches came and went. */
function mongodArguments(port: number, directory: string): string[] {
  return [
    ...['--port', `${port}`, '--bind_ip', host, '--dbpath', directory],
    // The smallest that it takes. By itself one server would take half of the machine's memory.
    ...['--wiredTigerCacheSizeGB', '0.25'],
    ...['--setParameter', 'diagnosticDataCollectionEnabled=false'],
    // How often it looks for expired documents; by itself once a minute.
    ...['--setParameter', 'ttlMonitorSleepSecs=1'],
    // A socket in /tmp would be left behind by a kill. Windows has none.
    ...(process.platform === 'win32' ? [] : ['--nounixsocket']),
  ];
}

function ferretArguments(port: number, directory: string): string[] {
  return ['-listen', `${host}:${port}`, '-dir', directory];
}
