import { dirname, join } from 'node:path';
import { findMongod } from './find-mongo.js';
import { findProgram } from './find-program.js';
import { freePort } from './free-port.js';
import { askMongo } from './mongo-driver.js';
import { answersPing } from './mongo-ping.js';
import { type OwnReplicaSet, startOwnReplicaSet } from './mongo-replica-set.js';
import { ServerProcess } from './server-process.js';

/** A sharded cluster of one shard on 127.0.0.1, as an application meets it: through a mongos. */
export interface MongoShardedCluster {
  /** Of the mongos. */
  readonly url: string;
  /** Ends all servers and deletes their folders. */
  stop(): Promise<void>;
}

const host = '127.0.0.1';
const startLimit = 60_000;

/** The path of a mongos: the one that lies beside the mongod, else one on PATH. */
export async function findMongos(): Promise<string | undefined> {
  const mongod = await findMongod();
  return mongod === undefined ? undefined : findProgram(join(dirname(mongod), 'mongos'), 'mongos');
}

/** Resolves when the mongos takes writes. Rejects where there is no mongos, or with what a server said when it does not start. */
export async function startMongoShardedCluster(): Promise<MongoShardedCluster> {
  const [mongod, mongos] = await Promise.all([findMongod(), findMongos()]);
  if (mongod === undefined || mongos === undefined) throw new Error('no mongos beside the mongod or on PATH');
  const cluster = new OwnShardedCluster();
  try {
    await cluster.start(mongod, mongos);
    return cluster;
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}

class OwnShardedCluster implements MongoShardedCluster {
  #port = 0;
  #router: ServerProcess | undefined;
  readonly #sets: OwnReplicaSet[] = [];

  get url(): string {
    return `mongodb://${host}:${this.#port}/`;
  }

  async start(mongod: string, mongos: string): Promise<void> {
    const configuration = await this.#startSet(mongod, 'configsvr');
    const shard = await this.#startSet(mongod, 'shardsvr');
    this.#port = await freePort();
    const router = new ServerProcess({
      program: mongos,
      args: [
        ...['--port', `${this.#port}`, '--bind_ip', host],
        ...['--configdb', `${configuration.name}/${configuration.hosts}`],
        ...(process.platform === 'win32' ? [] : ['--nounixsocket']),
      ],
      temporary: undefined,
      killedBy: 'SIGKILL',
    });
    this.#router = router;
    await router.ready(() => answersPing(host, this.#port), startLimit);
    await askMongo(this.url, { addShard: `${shard.name}/${shard.hosts}` });
  }

  async stop(): Promise<void> {
    await this.#router?.end('SIGKILL');
    await Promise.all(this.#sets.map((set) => set.stop()));
  }

  /** Each with a name of its own, because the routers know them by it. */
  async #startSet(mongod: string, part: 'configsvr' | 'shardsvr'): Promise<OwnReplicaSet> {
    const set = await startOwnReplicaSet(mongod, { name: `session-stores-${part}`, members: 1, part });
    this.#sets.push(set);
    return set;
  }
}
