import { readFile } from 'node:fs/promises';
import type { Contestant, Role } from '@session-stores/test-harness';
import { PgBench } from './gauges/pgbench.ts';
import { RedisBenchmark } from './gauges/redis-benchmark.ts';
import type { Servers } from './servers.ts';

export const groups = ['memory', 'sqlite', 'redis', 'postgres', 'mongo'] as const;

export type Group = (typeof groups)[number];

interface Entry {
  readonly group: Group;
  readonly role: Role;
  readonly title: string;
  readonly module: string;
  /** Whose release belongs to the title. */
  readonly package?: string;
}

const entries: readonly Entry[] = [
  ours('memory', 'MemoryStore of session-stores', '../compare/memory-subject.ts'),
  peer('memory', 'MemoryStore of express-session', '../compare/peers/express-session.ts', 'express-session'),
  peer('memory', 'memorystore', '../compare/peers/memorystore.ts', 'memorystore'),

  ours('sqlite', 'SqliteStore', '../../packages/sqlite/test/sqlite-subject.ts'),
  peer(
    'sqlite',
    'better-sqlite3-session-store',
    '../compare/peers/better-sqlite3-session-store.ts',
    'better-sqlite3-session-store',
  ),
  driver('sqlite', 'better-sqlite3', './drivers/better-sqlite3.ts', 'better-sqlite3'),
  {
    group: 'sqlite',
    role: 'limit',
    title: 'one transaction of better-sqlite3',
    module: './gauges/better-sqlite3-transaction.ts',
  },

  ours('redis', 'RedisStore', '../../packages/redis/test/redis-subject.ts'),
  ours('redis', 'RedisStore on node-redis', '../../packages/redis/test/redis-subject.ts?driver=node-redis'),
  peer('redis', 'connect-redis', '../compare/peers/connect-redis.ts', 'connect-redis'),
  driver('redis', 'ioredis', './drivers/ioredis.ts', 'ioredis'),

  ours('postgres', 'PostgresStore', '../../packages/postgres/test/postgres-subject.ts'),
  peer('postgres', 'connect-pg-simple', '../compare/peers/connect-pg-simple.ts', 'connect-pg-simple'),
  peer(
    'postgres',
    'connect-session-knex',
    '../compare/peers/connect-session-knex.ts',
    'connect-session-knex',
  ),
  driver('postgres', 'pg', './drivers/pg.ts', 'pg'),

  ours('mongo', 'MongoStore', '../../packages/mongo/test/mongo-subject.ts'),
  peer('mongo', 'connect-mongo', '../compare/peers/connect-mongo.ts', 'connect-mongo'),
  driver('mongo', 'mongodb', './drivers/mongodb.ts', 'mongodb'),
];

/** All who can take part with these servers. `retrying`: the retrying forms of our stores, too. */
export async function contestants(
  servers: Servers,
  wanted: readonly Group[],
  retrying: boolean,
): Promise<Contestant[]> {
  const all: Contestant[] = [];
  for (const group of wanted) {
    if (servers.missing.has(group)) continue;
    for (const entry of entries.filter((one) => one.group === group)) {
      const { role, title, module, package: name } = entry;
      const url = servers.urls[group] ?? '';
      const version = name === undefined ? '' : ` ${await releaseOf(name)}`;
      all.push({ group, role, title: title + version, runs: moduleUrl(module, url, 'plain') });
      if (role === 'candidate' && retrying) {
        all.push({ group, role, title: `Retrying${title}`, runs: moduleUrl(module, url, 'retrying') });
      }
    }
    const { redisBenchmark, pgbench } = servers.programs;
    const url = servers.urls[group];
    if (group === 'redis' && redisBenchmark !== undefined && url !== undefined) {
      all.push({
        group,
        role: 'limit',
        title: 'redis-benchmark',
        runs: new RedisBenchmark(redisBenchmark, url),
      });
    }
    if (group === 'postgres' && pgbench !== undefined && url !== undefined) {
      all.push({ group, role: 'limit', title: 'pgbench', runs: new PgBench(pgbench, url) });
    }
  }
  return all;
}

function ours(group: Group, title: string, module: string): Entry {
  return { group, role: 'candidate', title, module };
}

function peer(group: Group, title: string, module: string, name: string): Entry {
  return { group, role: 'peer', title, module, package: name };
}

function driver(group: Group, title: string, module: string, name: string): Entry {
  return { group, role: 'driver', title, module, package: name };
}

function moduleUrl(path: string, url: string, form: string): string {
  const module = new URL(path, import.meta.url);
  // The subjects of our stores say by the query how they are made.
  const given = Object.fromEntries(module.searchParams);
  module.search = path.includes('sqlite-subject') ? form : `${new URLSearchParams({ ...given, form, url })}`;
  return module.href;
}

async function releaseOf(name: string): Promise<string> {
  const manifest = new URL(`../node_modules/${name}/package.json`, import.meta.url);
  return (JSON.parse(await readFile(manifest, 'utf8')) as { version: string }).version;
}
