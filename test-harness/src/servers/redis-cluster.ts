import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { promisify } from 'node:util';
import { findProgram } from './find-program.js';
import { freePort } from './free-port.js';
import { findRedisServer } from './redis.js';
import { ServerProcess } from './server-process.js';

export interface RedisClusterOptions {
  /** At least 3. Default 3. */
  readonly masters?: number;
  /** Of each master. Default 0. */
  readonly replicas?: number;
}

export interface RedisClusterNode {
  readonly host: string;
  readonly port: number;
  /** Kills the process with SIGKILL. Resolves when it has ended. */
  kill(): Promise<void>;
}

/** A real Redis Cluster on 127.0.0.1, in a temporary folder of its own. */
export interface RedisCluster {
  /** Masters first. */
  readonly nodes: readonly RedisClusterNode[];
  /** Stops all nodes and deletes their folder. */
  stop(): Promise<void>;
}

const host = '127.0.0.1';
const startLimit = 20_000;
const slots = 16_384;
const run = promisify(execFile);

/**
 * Resolves when every node knows that all slots are served. Rejects where there is no redis-server or redis-cli, or if that
 * takes more than 20 s.
 */
export async function startRedisCluster(options: RedisClusterOptions = {}): Promise<RedisCluster> {
  const { masters = 3, replicas = 0 } = options;
  const program = findRedisServer();
  const cli = findProgram('redis-cli', 'valkey-cli');
  if (program === undefined || cli === undefined) throw new Error('no redis-server or no redis-cli on PATH');
  const directory = await mkdtemp(joinPath(tmpdir(), 'session-stores-cluster-'));
  const processes: ServerProcess[] = [];
  const stop = async () => {
    await Promise.all(processes.map((node) => node.end('SIGKILL')));
    await rm(directory, { recursive: true, force: true });
  };
  try {
    const nodes: Node[] = [];
    for (let count = masters * (1 + replicas); count > 0; count -= 1) {
      const [port, busPort] = [await freePort(), await freePort()];
      const node = startNode(program, directory, port, busPort);
      processes.push(node);
      const ask = async (...command: string[]) =>
        (await run(cli, ['-h', host, '-p', `${port}`, ...command])).stdout;
      const says = (expected: RegExp, ...command: string[]) =>
        node.ready(
          () =>
            ask(...command).then(
              (answer) => expected.test(answer),
              () => false,
            ),
          startLimit,
        );
      await says(/PONG/, 'ping');
      nodes.push({ port, busPort, ask, says });
    }
    await join(nodes, masters);
    return {
      nodes: nodes.map(({ port }, index) => ({
        host,
        port,
        kill: async () => processes[index]?.end('SIGKILL'),
      })),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

interface Node {
  readonly port: number;
  readonly busPort: number;
  ask(...command: string[]): Promise<string>;
  /** Resolves when its answer to the command matches. */
  says(expected: RegExp, ...command: string[]): Promise<void>;
}

/** What `redis-cli --cluster create` does, without its pauses. */
async function join(nodes: readonly Node[], masters: number): Promise<void> {
  const slotsOf = (index: number) => Math.floor((index * slots) / masters);
  for (const [index, node] of nodes.entries()) {
    await node.ask('cluster', 'set-config-epoch', `${index + 1}`);
    const [first, next] = [slotsOf(index), slotsOf(index + 1)];
    if (index < masters) await node.ask('cluster', 'addslotsrange', `${first}`, `${next - 1}`);
    // Each with each, so that nobody has to hear of a node by gossip.
    for (const other of nodes.slice(0, index)) {
      await other.ask('cluster', 'meet', host, `${node.port}`, `${node.busPort}`);
    }
  }
  const all = new RegExp(`cluster_known_nodes:${nodes.length}\\b`);
  for (const node of nodes) await node.says(all, 'cluster', 'info');
  for (const [index, node] of nodes.slice(masters).entries()) {
    const master = nodes[index % masters] as Node;
    await node.ask('cluster', 'replicate', (await master.ask('cluster', 'myid')).trim());
  }
  for (const node of nodes.slice(masters)) await node.says(/master_link_status:up/, 'info', 'replication');
  for (const node of nodes) await node.says(/cluster_state:ok/, 'cluster', 'info');
}

function startNode(program: string, directory: string, port: number, busPort: number): ServerProcess {
  const settings = {
    port,
    bind: host,
    'cluster-enabled': 'yes',
    // By itself the bus listens on port + 10000, which may be another test's, or beyond the last port.
    'cluster-port': busPort,
    'cluster-config-file': `nodes-${port}.conf`,
    'cluster-node-timeout': 1_000,
    dir: directory,
    dbfilename: `${port}.rdb`,
    save: '',
    // Otherwise a primary waits 5 s for more replicas before it sends its data to the first.
    'repl-diskless-sync-delay': 0,
  };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
  return new ServerProcess({ program, args, temporary: directory, killedBy: 'SIGKILL' });
}
