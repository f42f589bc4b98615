import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Address } from '../suite/subject.js';
import { freePort } from './free-port.js';
import { redisServerProgram } from './redis.js';
import { type RedisNode, RedisProcess } from './redis-process.js';
import { until } from './until.js';

export interface RedisSentinelOptions {
  /** Default 1. */
  readonly replicas?: number;
  /** Ms without an answer after which the sentinels hold a node for down, see `setDownAfter`. Default 1,000. */
  readonly downAfter?: number;
  /** More settings for the master and its replicas, as on the command line of redis-server. */
  readonly args?: readonly string[] | undefined;
}

/** A master, its replicas and three sentinels on 127.0.0.1. A master that fails is replaced within seconds. */
export interface RedisSentinel {
  /** What a client has to be told. */
  readonly name: string;
  readonly sentinels: readonly Address[];
  /** The servers that watch over the others, in the order of `sentinels`. */
  readonly watchers: readonly RedisNode[];
  /** The servers that have the data; the first was the master at the start. */
  readonly nodes: readonly RedisNode[];
  /** The node that the sentinels now call the master. */
  master(): Promise<RedisNode>;
  /** The others. */
  replicas(): Promise<readonly RedisNode[]>;
  /**
   * Resolves when all sentinels that run call the same node the master, and it runs, and the others that run are its
   * replicas and in touch with it: after a failover, after a restart. Rejects if that takes more than 60 s.
   */
  settled(): Promise<void>;
  /**
   * From now on a node is held for down after `ms` without an answer. On a busy machine a node that is well can be silent for
   * longer than the sentinels wait, and a failover that nobody meant loses what was acknowledged last.
   */
  setDownAfter(ms: number): Promise<void>;
  /** Stops everything and deletes its folder. */
  stop(): Promise<void>;
}

const host = '127.0.0.1';
const name = 'sessions';
const watcherCount = 3;
// A master that comes back is left alone for 8 s before it is made a replica, which no setting changes.
const settleLimit = 60_000;

/** Resolves when all is `settled`. Rejects where there is no redis-server, or if that takes more than 60 s. */
export async function startRedisSentinel(options: RedisSentinelOptions = {}): Promise<RedisSentinel> {
  const { replicas = 1, downAfter = 1_000, args } = options;
  const program = redisServerProgram();
  const directory = await mkdtemp(join(tmpdir(), 'session-stores-sentinel-'));
  const sentinel = new OwnSentinel(program, directory);
  try {
    for (let count = 1 + replicas; count > 0; count -= 1) await sentinel.addNode(args);
    for (let count = watcherCount; count > 0; count -= 1) await sentinel.addWatcher(downAfter);
    await sentinel.settled();
    return sentinel;
  } catch (error) {
    await sentinel.stop();
    throw error;
  }
}

class OwnSentinel implements RedisSentinel {
  readonly name = name;
  readonly watchers: RedisProcess[] = [];
  readonly nodes: RedisProcess[] = [];
  readonly #program: string;
  readonly #directory: string;

  constructor(program: string, directory: string) {
    this.#program = program;
    this.#directory = directory;
  }

  get sentinels(): readonly Address[] {
    return this.watchers.map(({ address }) => address);
  }

  async master(): Promise<RedisNode> {
    const watcher = this.watchers.find(({ answers }) => answers);
    if (watcher === undefined) throw new Error('no sentinel runs');
    const port = await masterPort(watcher);
    const node = this.nodes.find((one) => one.port === port);
    if (node === undefined)
      throw new Error(`the sentinels call port ${port} the master, which is none of ours`);
    return node;
  }

  async replicas(): Promise<readonly RedisNode[]> {
    const master = await this.master();
    return this.nodes.filter((node) => node !== master);
  }

  settled(): Promise<void> {
    return until(async () => {
      const master = await this.master();
      if (!(master as RedisProcess).answers) return `port ${master.port} is the master and does not run`;
      for (const watcher of this.watchers.filter(({ answers }) => answers)) {
        const problem = await this.#problemOf(watcher, master);
        if (problem !== undefined) return `sentinel on port ${watcher.port}: ${problem}`;
      }
      for (const node of this.nodes.filter(({ answers }) => answers)) {
        const expected = node === master ? ['role:master'] : ['role:slave', `master_port:${master.port}`];
        if (node !== master) expected.push('master_link_status:up');
        const replication = String(await node.ask('info', 'replication'));
        const missing = expected.find((line) => !replication.includes(line));
        if (missing !== undefined) return `port ${node.port} does not say ${missing}`;
      }
      return undefined;
    }, settleLimit);
  }

  async setDownAfter(ms: number): Promise<void> {
    const watchers = this.watchers.filter(({ answers }) => answers);
    await Promise.all(
      watchers.map((one) => one.ask('sentinel', 'set', name, 'down-after-milliseconds', String(ms))),
    );
  }

  async stop(): Promise<void> {
    await Promise.all([...this.watchers, ...this.nodes].map((node) => node.kill()));
    await rm(this.#directory, { recursive: true, force: true });
  }

  async addNode(args: readonly string[] | undefined): Promise<void> {
    const [first] = this.nodes;
    const replicaOf = first === undefined ? {} : { replicaof: `${host} ${first.port}` };
    // In a file, because sentinels write there who is whose replica, as a restart has to find it.
    await this.#start(this.nodes, args, {
      save: '""',
      // Otherwise a primary waits 5 s for more replicas before it sends its data to the first.
      'repl-diskless-sync-delay': 0,
      ...replicaOf,
    });
  }

  async addWatcher(downAfter: number): Promise<void> {
    await this.#start(this.watchers, ['--sentinel'], {
      [`sentinel monitor ${name}`]: `${host} ${this.nodes[0]?.port} 2`,
      [`sentinel down-after-milliseconds ${name}`]: downAfter,
      [`sentinel failover-timeout ${name}`]: 2_000,
    });
  }

  async #start(
    list: RedisProcess[],
    args: readonly string[] | undefined,
    settings: Record<string, string | number>,
  ): Promise<void> {
    const port = await freePort();
    const dir = join(this.#directory, `${port}`);
    await mkdir(dir);
    const lines = Object.entries({ port, bind: host, dir, ...settings }).map((entry) => entry.join(' '));
    const file = join(dir, 'redis.conf');
    await writeFile(file, `${lines.join('\n')}\n`);
    const temporary = this.#directory;
    const node = new RedisProcess({ program: this.#program, port, settings: [file], args, temporary });
    list.push(node);
    await node.restart();
  }

  async #problemOf(watcher: RedisProcess, master: RedisNode): Promise<string | undefined> {
    if ((await masterPort(watcher)) !== master.port)
      return `it calls ${await masterPort(watcher)} the master`;
    const pairs = (await watcher.ask('sentinel', 'master', name)) as readonly string[];
    const of = (field: string) => pairs[pairs.indexOf(field) + 1];
    if (of('flags') !== 'master') return `the master is ${of('flags')}`;
    if (Number(of('num-other-sentinels')) !== watcherCount - 1) return 'it does not know all others';
    const known = (await watcher.ask('sentinel', 'replicas', name)) as readonly (readonly string[])[];
    const sound = known.filter((pairs) => pairs[pairs.indexOf('flags') + 1] === 'slave').length;
    const running = this.nodes.filter((node) => node !== master && node.answers).length;
    return sound < running ? `it knows ${sound} sound replicas of ${running}` : undefined;
  }
}

async function masterPort(watcher: RedisProcess): Promise<number> {
  const address = await watcher.ask('sentinel', 'get-master-addr-by-name', name);
  return Number((address as readonly string[] | null)?.[1]);
}
