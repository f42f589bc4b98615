import { findProgram } from './find-program.js';
import type { ServersAtHand } from './known-servers.js';
import { findPostgresServer, startPostgres } from './postgres.js';
import { findRedisServer, startRedis } from './redis.js';

/** Servers that a whole run of tests shares. */
export interface SharedServers {
  readonly atHand: ServersAtHand;
  /** Ends those that were started. */
  stop(): Promise<void>;
}

/** Uses the servers that the environment names, and starts the others where this machine has them. */
export async function startSharedServers(): Promise<SharedServers> {
  const { REDIS_URL, PG_URL, DATABASE_URL, CHROMIUM } = process.env;
  const program = findRedisServer();
  const [redis, postgres] = await Promise.all([
    REDIS_URL === undefined && program !== undefined ? startRedis() : undefined,
    postgresUrl(PG_URL, DATABASE_URL) === undefined ? startPostgresIfAny() : undefined,
  ]);
  return {
    atHand: {
      redis: REDIS_URL ?? redis?.url,
      'redis-server': program,
      postgres: postgresUrl(PG_URL, DATABASE_URL) ?? postgres?.url,
      chromium: findProgram(CHROMIUM, 'chromium', 'chromium-browser', 'google-chrome'),
    },
    stop: async () => {
      await Promise.all([redis?.stop(), postgres?.stop()]);
    },
  };
}

/** DATABASE_URL may name a database of any kind. */
function postgresUrl(...urls: readonly (string | undefined)[]): string | undefined {
  return urls.find((url) => url !== undefined && /^postgres(ql)?:/.test(url));
}

async function startPostgresIfAny() {
  return (await findPostgresServer()) === undefined ? undefined : startPostgres();
}
