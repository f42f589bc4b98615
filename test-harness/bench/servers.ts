import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { startMongo, startPostgres, startRedis } from '@session-stores/test-harness';
import type { Group } from './contestants.ts';

/** The servers of a run, and what measures them. */
export interface Servers {
  readonly urls: Readonly<Partial<Record<Group, string>>>;
  /** Which groups cannot take part, and what to do about it. */
  readonly missing: ReadonlyMap<Group, string>;
  /** What a reader of the figures has to know about these servers. */
  readonly notes: readonly string[];
  readonly programs: { readonly redisBenchmark: string | undefined; readonly pgbench: string | undefined };
  /** Ends those that were started. */
  stop(): Promise<void>;
}

const ferretNote =
  'mongo was measured on FerretDB, which carries out about 1,000 commands a second one after the other, because there was no mongod: the figures there tell how many operations a command carries, and nothing about the speed of MongoDB. MONGO_URL=mongodb://… names a real one.';

/** Uses the servers that REDIS_URL, PG_URL and MONGO_URL name, and starts the others for this run. */
export async function startServers(groups: readonly Group[]): Promise<Servers> {
  const started: { stop(): Promise<void> }[] = [];
  const urls: Partial<Record<Group, string>> = {};
  const missing = new Map<Group, string>();
  const use = async (
    group: Group,
    given: string | undefined,
    start: () => Promise<{ url: string; stop(): Promise<void> }>,
  ) => {
    if (!groups.includes(group)) return;
    try {
      if (given === undefined) {
        const server = await start();
        started.push(server);
        urls[group] = server.url;
      } else {
        urls[group] = given;
      }
    } catch (error) {
      missing.set(group, (error as Error).message);
    }
  };
  await use('redis', process.env.REDIS_URL, startRedis);
  await use('postgres', process.env.PG_URL, startPostgres);
  let isFerret = false;
  await use('mongo', process.env.MONGO_URL, async () => {
    const server = await startMongo();
    isFerret = server.kind !== 'mongod';
    return server;
  });
  return {
    urls,
    missing,
    notes: isFerret ? [ferretNote] : [],
    programs: { redisBenchmark: await found('redis-benchmark'), pgbench: await found('pgbench') },
    stop: async () => {
      await Promise.all(started.map((server) => server.stop()));
    },
  };
}

async function found(program: string): Promise<string | undefined> {
  try {
    await promisify(execFile)(program, ['--version']);
    return program;
  } catch {
    return undefined;
  }
}
