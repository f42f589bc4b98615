import { readFile } from 'node:fs/promises';
import { type Subject, subjectFrom } from '@session-stores/test-harness';
import type { ServersAtHand } from '../dist/servers/known-servers.js';

export interface Contestant {
  /** As the table calls it. */
  readonly title: string;
  readonly subject: Subject;
  /** How many checks of it run at once. */
  readonly concurrency: number;
}

/** Checks wait for servers and clocks most of the time. */
const usualConcurrency = 4;
/** Commands take turns there: more at once would measure its speed, where checks have time limits. */
const concurrencyOnFerret = 1;

/** The servers that stores need. */
export type NeededServer = 'redis' | 'postgres' | 'mongo';

interface Entry {
  readonly path: string;
  /** Of a store of others, which is named with its release. */
  readonly package?: string;
  readonly server?: NeededServer;
}

/** The modules of the stores; those of ours are the subjects of their own tests. */
const entries: readonly Entry[] = [
  { path: './peers/express-session.ts', package: 'express-session' },
  { path: './peers/memorystore.ts', package: 'memorystore' },
  { path: './peers/connect-redis.ts', package: 'connect-redis', server: 'redis' },
  { path: './peers/connect-mongo.ts', package: 'connect-mongo', server: 'mongo' },
  { path: './peers/connect-pg-simple.ts', package: 'connect-pg-simple', server: 'postgres' },
  { path: './peers/connect-session-knex.ts', package: 'connect-session-knex', server: 'postgres' },
  { path: './peers/better-sqlite3-session-store.ts', package: 'better-sqlite3-session-store' },
  { path: './peers/session-file-store.ts', package: 'session-file-store' },
  { path: './memory-subject.ts' },
  { path: '../../packages/sqlite/test/sqlite-subject.ts' },
  { path: '../../packages/redis/test/redis-subject.ts', server: 'redis' },
  { path: '../../packages/postgres/test/postgres-subject.ts', server: 'postgres' },
  { path: '../../packages/mongo/test/mongo-subject.ts', server: 'mongo' },
];

export interface Field {
  readonly contestants: readonly Contestant[];
  /** The servers without which some stores cannot take part. */
  readonly missing: readonly NeededServer[];
}

/** All stores that can take part with these servers. */
export async function fieldOf(servers: ServersAtHand): Promise<Field> {
  const contestants: Contestant[] = [];
  const missing = new Set<NeededServer>();
  for (const entry of entries) {
    const url = entry.server && servers[entry.server];
    if (entry.server !== undefined && url === undefined) {
      missing.add(entry.server);
      continue;
    }
    const isFerret = entry.server === 'mongo' && servers.mongod === undefined;
    for (const form of entry.package === undefined ? ['plain', 'retrying'] : ['']) {
      const subject = await load(entry, form, url ?? '', isFerret);
      const name =
        entry.package === undefined ? `**${subject.name}**` : await released(subject.name, entry.package);
      contestants.push({
        title: isFerret ? `${name} on FerretDB` : name,
        subject,
        concurrency: isFerret ? concurrencyOnFerret : usualConcurrency,
      });
    }
  }
  return { contestants, missing: [...missing] };
}

async function load({ path }: Entry, form: string, url: string, isFerret: boolean): Promise<Subject> {
  const module = new URL(path, import.meta.url);
  // The subjects say by the query how they are made.
  const query = new URLSearchParams({ form, url, ...(isFerret ? { withoutTtl: '' } : {}) });
  module.search = `${query}`;
  return subjectFrom(((await import(module.href)) as { default: unknown }).default);
}

/** `connect-redis 10.0.0`, `MemoryStore of express-session 1.19.0`. */
async function released(storeName: string, packageName: string): Promise<string> {
  const manifest = new URL(`../node_modules/${packageName}/package.json`, import.meta.url);
  const { version } = JSON.parse(await readFile(manifest, 'utf8')) as { version: string };
  return storeName === packageName
    ? `${packageName} ${version}`
    : `${storeName} of ${packageName} ${version}`;
}
