import { setTimeout as wait } from 'node:timers/promises';
import type { Address } from '../suite/subject.js';
import { findMongod } from './find-mongo.js';
import { type OwnMongo, startOwnMongo } from './mongo.js';
import { askMongo } from './mongo-driver.js';
import { answersPing } from './mongo-ping.js';

export interface MongoReplicaSetOptions {
  /** How many, each with a vote. Default 3. */
  readonly members?: number | undefined;
}

export interface MongoMember {
  readonly port: number;
  readonly address: Address;
  /** SIGKILL, as in a crash. Resolves when it has ended. */
  kill(): Promise<void>;
  /** Kills it where it still runs, and starts it again on the same port and data; resolves when it is a member again. */
  restart(): Promise<void>;
}

/** A replica set of real mongods on 127.0.0.1, each in a folder of its own. */
export interface MongoReplicaSet {
  /** With all members and the name of the set. */
  readonly url: string;
  readonly members: readonly MongoMember[];
  /** The one that takes writes now. Waits for an election that is under way; rejects where it has no result in 60 s. */
  primary(): Promise<MongoMember>;
  /** Makes the primary hand over to another, as for maintenance. Resolves to the new primary. */
  stepDown(): Promise<MongoMember>;
  /** Ends all members and deletes their folders. */
  stop(): Promise<void>;
}

/** How long, in ms, an election or a first copy of the data may take. */
const patience = 60_000;

/**
 * Resolves when it has a primary and all others are its secondaries. Rejects where no real mongod can be had, or with what
 * the servers said when they do not start.
 */
export async function startMongoReplicaSet(options: MongoReplicaSetOptions = {}): Promise<MongoReplicaSet> {
  const path = await findMongod();
  if (path === undefined)
    throw new Error('no mongod on PATH or in MONGOMS_SYSTEM_BINARY, and none to download');
  return startOwnReplicaSet(path, { name: 'session-stores', members: options.members ?? 3 });
}

interface OwnReplicaSetOptions {
  readonly name: string;
  readonly members: number;
  /** What part of a sharded cluster it is to be. */
  readonly part?: 'configsvr' | 'shardsvr';
}

export async function startOwnReplicaSet(
  path: string,
  { name, members: count, part }: OwnReplicaSetOptions,
): Promise<OwnReplicaSet> {
  // By itself the log of operations would be as large as 5 % of the disk allow.
  const args = ['--replSet', name, '--oplogSize', '128', ...(part === undefined ? [] : [`--${part}`])];
  const starts = Array.from({ length: count }, () => startOwnMongo({ kind: 'mongod', path }, args));
  const started = await Promise.allSettled(starts);
  const members = started.flatMap((start) => (start.status === 'fulfilled' ? [new Member(start.value)] : []));
  const set = new OwnReplicaSet(name, members);
  try {
    const failed = started.find((start) => start.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    await set.initiate(part === 'configsvr' ? { configsvr: true } : {});
    return set;
  } catch (error) {
    await set.stop();
    throw error;
  }
}

export class OwnReplicaSet implements MongoReplicaSet {
  readonly name: string;
  readonly members: readonly Member[];

  constructor(name: string, members: readonly Member[]) {
    this.name = name;
    this.members = members;
  }

  get url(): string {
    return `mongodb://${this.hosts}/?replicaSet=${this.name}`;
  }

  get hosts(): string {
    return this.members.map(({ hostAndPort }) => hostAndPort).join();
  }

  async initiate(settings: object): Promise<void> {
    const [first] = this.members;
    if (first === undefined) throw new Error('a replica set has at least 1 member');
    const replSetInitiate = {
      _id: this.name,
      version: 1,
      ...settings,
      members: this.members.map(({ hostAndPort }, index) => ({ _id: index, host: hostAndPort })),
      settings: {
        // How long the others hear nothing of their primary before they elect another; by itself 10 s.
        electionTimeoutMillis: 2_000,
        heartbeatIntervalMillis: 500,
      },
    };
    await first.ask({ replSetInitiate });
    await this.primary();
    for (const member of this.members) await member.joined();
  }

  primary(): Promise<Member> {
    return this.#primaryOtherThan(undefined);
  }

  async stepDown(): Promise<MongoMember> {
    const former = await this.primary();
    // It waits so long for a secondary that has all it has, and so long will not stand for election again.
    await former.ask({ replSetStepDown: 30, secondaryCatchUpPeriodSecs: 10 });
    return this.#primaryOtherThan(former);
  }

  async stop(): Promise<void> {
    await Promise.all(this.members.map((member) => member.stop()));
  }

  async #primaryOtherThan(former: Member | undefined): Promise<Member> {
    const deadline = Date.now() + patience;
    do {
      const candidates = this.members.filter((member) => member !== former);
      const roles = await Promise.all(candidates.map((member) => member.role()));
      const primary = candidates[roles.indexOf('primary')];
      if (primary !== undefined) return primary;
      await wait(50); // As often as a failover is looked for.
    } while (Date.now() < deadline);
    throw new Error(`the replica set has elected no primary in ${patience} ms`);
  }
}

type Role = 'primary' | 'secondary' | 'neither';

class Member implements MongoMember {
  readonly #server: OwnMongo;

  constructor(server: OwnMongo) {
    this.#server = server;
  }

  get port(): number {
    return this.#server.port;
  }

  get address(): Address {
    return this.#server.address;
  }

  get hostAndPort(): string {
    return `${this.address.host}:${this.port}`;
  }

  ask(command: Readonly<Record<string, unknown>>) {
    return askMongo(`${this.#server.url}?directConnection=true`, command);
  }

  /** Of a member that does not answer: neither. */
  async role(): Promise<Role> {
    // The driver would go on for seconds to try one that has been killed.
    if (!(await answersPing(this.address.host, this.port))) return 'neither';
    // The old name of `hello`, which 4.4.0 does not know yet.
    const { ismaster, secondary } = await this.ask({ isMaster: 1 });
    if (ismaster === true) return 'primary';
    return secondary === true ? 'secondary' : 'neither';
  }

  async joined(): Promise<void> {
    await this.#server.ready(async () => (await this.role()) !== 'neither', patience);
  }

  kill(): Promise<void> {
    return this.#server.kill();
  }

  async restart(): Promise<void> {
    await this.#server.restart();
    await this.joined();
  }

  stop(): Promise<void> {
    return this.#server.stop();
  }
}
