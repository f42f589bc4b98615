import { startInDocker } from './docker.js';
import { buildFerret, findGo } from './ferretdb-program.js';
import { findMongod, type MongoProgram } from './find-mongo.js';
import { findProgram } from './find-program.js';
import type { ServersAtHand } from './known-servers.js';
import { startOwnMongo } from './mongo.js';
import { askMongo } from './mongo-driver.js';
import { findMongos } from './mongo-sharded.js';
import { findPgBouncer } from './pgbouncer.js';
import { findPostgresServer, startPostgres } from './postgres.js';
import { findRedisServer, startRedis } from './redis.js';

/** Servers that a whole run of tests shares. */
export interface SharedServers {
  readonly atHand: ServersAtHand;
  /** Ends those that were started. */
  stop(): Promise<void>;
}

/** Some of the servers at hand, and the end of those that were started for it. */
interface Share<Name extends keyof ServersAtHand> {
  readonly atHand: Pick<ServersAtHand, Name>;
  stop(): Promise<void>;
}

/**
 * Uses the servers that the environment names, and starts the others by what this machine has: a program, an npm package
 * that brings one, a Docker engine.
 */
export async function startSharedServers(): Promise<SharedServers> {
  const shares = await Promise.allSettled([shareRedis(), sharePostgres(), shareMongo()]);
  const stop = async () => {
    await Promise.all(shares.map((share) => (share.status === 'fulfilled' ? share.value.stop() : undefined)));
  };
  const [redis, postgres, mongo] = shares;
  if (redis.status === 'rejected' || postgres.status === 'rejected' || mongo.status === 'rejected') {
    await stop();
    throw shares.find((share) => share.status === 'rejected')?.reason;
  }
  const chromium = findProgram(process.env.CHROMIUM, 'chromium', 'chromium-browser', 'google-chrome');
  return {
    atHand: { ...redis.value.atHand, ...postgres.value.atHand, ...mongo.value.atHand, chromium },
    stop,
  };
}

async function shareRedis(): Promise<Share<'redis' | 'redis-server'>> {
  const { REDIS_URL } = process.env;
  const program = findRedisServer();
  const own =
    REDIS_URL === undefined
      ? await (program === undefined ? startInDocker('redis') : startRedis())
      : undefined;
  return {
    atHand: { redis: REDIS_URL ?? own?.url, 'redis-server': program },
    stop: async () => own?.stop(),
  };
}

async function sharePostgres(): Promise<Share<'postgres' | 'postgres-server' | 'pgbouncer'>> {
  const { PG_URL, DATABASE_URL } = process.env;
  // DATABASE_URL may name a database of any kind.
  const named = [PG_URL, DATABASE_URL].find((url) => url !== undefined && /^postgres(ql)?:/.test(url));
  const program = (await findPostgresServer())?.postgres;
  const own =
    named === undefined
      ? await (program === undefined ? startInDocker('postgres') : startPostgres())
      : undefined;
  return {
    atHand: { postgres: named ?? own?.url, 'postgres-server': program, pgbouncer: findPgBouncer() },
    stop: async () => own?.stop(),
  };
}

async function shareMongo(): Promise<
  Share<'mongo' | 'mongo-server' | 'ferretdb' | 'mongod' | 'mongod-binary' | 'mongos'>
> {
  const { MONGO_URL } = process.env;
  const [mongod, ferret] = await Promise.all([findMongod(), buildFerretIfAny()]);
  remember(mongod);
  const program = mongo(mongod, ferret);
  const own = MONGO_URL === undefined ? await startAnyMongo(program) : undefined;
  const url = MONGO_URL ?? own?.url;
  return {
    atHand: {
      mongo: url,
      'mongo-server': program?.path,
      ferretdb: ferret,
      mongod: url !== undefined && (await isRealMongod(url)) ? url : undefined,
      'mongod-binary': mongod,
      mongos: await findMongos(),
    },
    stop: async () => own?.stop(),
  };
}

/** A real mongod in Docker is worth more than FerretDB, and less than one that can be killed and restarted. */
async function startAnyMongo(program: MongoProgram | undefined) {
  const inDocker = program?.kind === 'mongod' ? undefined : await startInDocker('mongo');
  return inDocker ?? (program === undefined ? undefined : startOwnMongo(program));
}

function mongo(mongod: string | undefined, ferret: string | undefined): MongoProgram | undefined {
  if (mongod !== undefined) return { kind: 'mongod', path: mongod };
  return ferret === undefined ? undefined : { kind: 'ferretdb', path: ferret };
}

/** The processes in which the tests run need not try the download again. */
function remember(mongod: string | undefined): void {
  if (mongod !== undefined) process.env.MONGOMS_SYSTEM_BINARY = mongod;
  else process.env.MONGOMS_RUNTIME_DOWNLOAD = 'false';
}

/** A Go that cannot compile it (too old, no internet) is as good as none; what it said tells why. */
async function buildFerretIfAny(): Promise<string | undefined> {
  if (findGo() === undefined) return undefined;
  return buildFerret().catch((error: Error) => {
    console.error(error.message);
    return undefined;
  });
}

async function isRealMongod(url: string): Promise<boolean> {
  const build = await askMongo(url, { buildInfo: 1 }).catch(({ message }: Error) => {
    // Without the error itself: Vitest cannot print those of the driver. Nor with the URL, which may contain a password.
    throw new Error(`The MongoDB that MONGO_URL names does not answer: ${message}`);
  });
  return !Object.keys(build).some((key) => key.startsWith('ferretdb'));
}
