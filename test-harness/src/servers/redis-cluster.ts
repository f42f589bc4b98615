import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.js';
import { redisServerProgram } from './redis.js';
import { type NodeView, parseClusterNodes, served, serves, slotCount } from './redis-cluster-view.js';
import { type RedisNode, RedisProcess } from './redis-process.js';
import { until } from './until.js';

export interface RedisClusterOptions {
  /** Default 3. With fewer, none can be replaced when it fails: that takes a majority of masters. */
  readonly masters?: number;
  /** Of each master. Default 0. */
  readonly replicas?: number;
  /** More settings for every node, as on the command line of redis-server. */
  readonly args?: readonly string[] | undefined;
}

/** A real Redis Cluster on 127.0.0.1, in a temporary folder of its own. A master that fails is replaced within seconds. */
export interface RedisCluster {
  /** Masters first, as they were at the start. */
  readonly nodes: readonly RedisNode[];
  /** The node that now is the master of this key's slot. */
  masterOf(key: string): Promise<RedisNode>;
  /** The replicas of that master. */
  replicasOf(key: string): Promise<readonly RedisNode[]>;
  /**
   * Resolves when the nodes that run agree who serves which slot, each slot is served by one of them, and every replica
   * among them is in touch with its master: after a failover, after a restart. Rejects if that takes more than 30 s.
   */
  settled(): Promise<void>;
  /**
   * From now on the nodes that run hold one for down after `ms` without an answer; 1,000 at the start. On a busy machine a node that
   * is well can be silent for longer, and a failover that nobody meant loses what was acknowledged last.
   */
  setNodeTimeout(ms: number): Promise<void>;
  /** Stops all nodes and deletes their folder. */
  stop(): Promise<void>;
}

const settleLimit = 30_000;
/** Ms after which a node that does not answer is held for down. */
const nodeTimeout = 1_000;

/** Resolves when the cluster is `settled`. Rejects where there is no redis-server, or if that takes more than 30 s. */
export async function startRedisCluster(options: RedisClusterOptions = {}): Promise<RedisCluster> {
  const { masters = 3, replicas = 0, args } = options;
  const program = redisServerProgram();
  const directory = await mkdtemp(join(tmpdir(), 'session-stores-cluster-'));
  const cluster = new OwnCluster(directory);
  try {
    for (let count = masters * (1 + replicas); count > 0; count -= 1) await cluster.add(program, args);
    await cluster.join(masters);
    await cluster.settled();
    return cluster;
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}

class OwnCluster implements RedisCluster {
  readonly nodes: RedisProcess[] = [];
  readonly #busPorts = new Map<RedisProcess, number>();
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  async masterOf(key: string): Promise<RedisNode> {
    const [view, master] = await this.#shardOf(key);
    return this.#node(master, view);
  }

  async replicasOf(key: string): Promise<readonly RedisNode[]> {
    const [view, master] = await this.#shardOf(key);
    return view.filter(({ masterId }) => masterId === master.id).map((replica) => this.#node(replica, view));
  }

  settled(): Promise<void> {
    return until(async () => {
      const pictures = new Set<string>();
      for (const node of this.#answering) {
        const view = await viewOf(node);
        const problem = await this.#problemOf(node, view);
        if (problem !== undefined) return `port ${node.port}: ${problem}`;
        pictures.add(this.#picture(view));
      }
      return pictures.size > 1 ? 'the nodes do not agree who is whose replica' : undefined;
    }, settleLimit);
  }

  async setNodeTimeout(ms: number): Promise<void> {
    await Promise.all(
      this.#answering.map((node) => node.ask('config', 'set', 'cluster-node-timeout', `${ms}`)),
    );
  }

  async stop(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.kill()));
    await rm(this.#directory, { recursive: true, force: true });
  }

  /** Starts one more node, which knows of no other. */
  async add(program: string, args: readonly string[] | undefined): Promise<void> {
    const [port, busPort] = [await freePort(), await freePort()];
    const dir = join(this.#directory, `${port}`);
    await mkdir(dir);
    const settings = {
      port,
      bind: '127.0.0.1',
      'cluster-enabled': 'yes',
      // By itself the bus listens on port + 10000, which may be another test's, or beyond the last port.
      'cluster-port': busPort,
      // By itself it learns its address from the others that it meets, and one that is alone has none to tell.
      'cluster-announce-ip': '127.0.0.1',
      'cluster-node-timeout': nodeTimeout,
      // However long a replica was out of touch: the tests say when it may take over.
      'cluster-replica-validity-factor': 0,
      dir,
      save: '',
      // Otherwise a primary waits 5 s for more replicas before it sends its data to the first.
      'repl-diskless-sync-delay': 0,
    };
    const node = new RedisProcess({
      program,
      port,
      settings: Object.entries(settings).flatMap(([name, value]) => [`--${name}`, `${value}`]),
      args,
      temporary: this.#directory,
    });
    this.nodes.push(node);
    this.#busPorts.set(node, busPort);
    await node.restart();
  }

  /** What `redis-cli --cluster create` does, without its pauses. */
  async join(masters: number): Promise<void> {
    const firstSlotOf = (index: number) => Math.floor((index * slotCount) / masters);
    for (const [index, node] of this.nodes.entries()) {
      await node.ask('cluster', 'set-config-epoch', `${index + 1}`);
      if (index < masters) {
        await node.ask('cluster', 'addslotsrange', `${firstSlotOf(index)}`, `${firstSlotOf(index + 1) - 1}`);
      }
      // Each with each, so that nobody has to hear of a node by gossip.
      for (const other of this.nodes.slice(0, index)) {
        await other.ask('cluster', 'meet', node.host, `${node.port}`, `${this.#busPorts.get(node)}`);
      }
    }
    for (const node of this.nodes) {
      await until(async () => {
        const known = (await viewOf(node)).filter(({ fails }) => !fails).length;
        return known < this.nodes.length ? `port ${node.port} knows ${known} nodes` : undefined;
      }, settleLimit);
    }
    for (const [index, node] of this.nodes.slice(masters).entries()) {
      const master = this.nodes[index % masters] as RedisProcess;
      await node.ask('cluster', 'replicate', String(await master.ask('cluster', 'myid')));
    }
  }

  get #answering(): readonly RedisProcess[] {
    return this.nodes.filter(({ answers }) => answers);
  }

  async #shardOf(key: string): Promise<[view: readonly NodeView[], master: NodeView]> {
    const [node] = this.#answering;
    if (node === undefined) throw new Error('no node of the cluster runs');
    const slot = Number(await node.ask('cluster', 'keyslot', key));
    const view = await viewOf(node);
    const master = view.find((one) => one.isMaster && serves(one, slot));
    if (master === undefined) throw new Error(`no master serves slot ${slot}`);
    return [view, master];
  }

  #node({ port }: NodeView, view: readonly NodeView[]): RedisProcess {
    const node = this.nodes.find((one) => one.port === port);
    if (node === undefined) throw new Error(`no node of ours among ${view.map((one) => one.port)}`);
    return node;
  }

  /** Who among those that run serves what, and whose replica the others are. */
  #picture(view: readonly NodeView[]): string {
    const lines = this.#answering.map(({ port }) => {
      const node = view.find((one) => one.port === port);
      return `${port} ${node?.isMaster} ${node?.masterId} ${node?.slots.join(' ')}`;
    });
    return lines.join('\n');
  }

  async #problemOf(node: RedisProcess, view: readonly NodeView[]): Promise<string | undefined> {
    if (!String(await node.ask('cluster', 'info')).includes('cluster_state:ok')) return 'its state is not ok';
    const answering = new Set(this.#answering.map(({ port }) => port));
    const known = view.filter(({ fails, port }) => !fails && answering.has(port));
    if (known.length < answering.size) return `it knows ${known.length} sound nodes of ${answering.size}`;
    const slots = known.reduce((sum, one) => sum + (one.isMaster ? served(one) : 0), 0);
    if (slots !== slotCount) return `it knows of ${slots} slots that are served`;
    const replication = String(await node.ask('info', 'replication'));
    const linked = !replication.includes('role:slave') || replication.includes('master_link_status:up');
    return linked ? undefined : 'it has no link to its master';
  }
}

async function viewOf(node: RedisProcess): Promise<readonly NodeView[]> {
  return parseClusterNodes(String(await node.ask('cluster', 'nodes')));
}
