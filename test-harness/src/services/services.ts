import { startSharedServers } from '../servers/at-hand.js';
import { type KnownServer, knownServers, type ServerName } from '../servers/known-servers.js';
import { topologies } from './topologies.js';

/** Something that runs, and the variables that say where. */
export interface Service {
  readonly variables: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

export interface Services extends Service {
  /** What could not be started, each with what to do about it. */
  readonly missing: readonly string[];
}

/** The variables in which tests look for the single servers. */
const variables = { redis: 'REDIS_URL', postgres: 'PG_URL', mongo: 'MONGO_URL' } as const;

/**
 * Starts the servers that the tests use, by the same code; with `cluster` the topologies too. Rejects where one of them is
 * there and does not start; nothing runs then.
 */
export async function startServices(cluster: boolean): Promise<Services> {
  const started = await Promise.allSettled([
    startSingleServers(),
    ...(cluster ? topologies.map(startTopology) : []),
  ]);
  const services = started.flatMap((start) => (start.status === 'fulfilled' ? [start.value] : []));
  const stop = async () => {
    await Promise.all(services.map((service) => service.stop()));
  };
  const failed = started.find((start) => start.status === 'rejected');
  if (failed !== undefined) {
    await stop();
    throw failed.reason;
  }
  return {
    variables: Object.assign({}, ...services.map((service) => service.variables)),
    missing: services.flatMap((service) => service.missing),
    stop,
  };
}

async function startSingleServers(): Promise<Services> {
  const { atHand, stop } = await startSharedServers();
  const found: Record<string, string> = {};
  const missing: string[] = [];
  for (const [name, variable] of Object.entries(variables) as [keyof typeof variables, string][]) {
    const url = atHand[name];
    if (url !== undefined) found[variable] = url;
    else missing.push(absence(knownServers[name].title, name));
  }
  return { variables: found, missing, stop };
}

async function startTopology(topology: (typeof topologies)[number]): Promise<Services> {
  if (await topology.isPossible()) return { ...(await topology.start()), missing: [] };
  return { variables: {}, missing: [absence(topology.title, topology.needs)], stop: async () => {} };
}

function absence(title: string, needs: ServerName): string {
  const { remedy }: KnownServer = knownServers[needs];
  return `${title} is not here. To have it: ${remedy.replaceAll('npm test', 'npm run services')}`;
}
