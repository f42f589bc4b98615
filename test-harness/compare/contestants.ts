import { readFile } from 'node:fs/promises';
import { type Subject, subjectFrom } from '@session-stores/test-harness';

export interface Contestant {
  /** As the table calls it. */
  readonly title: string;
  readonly subject: Subject;
}

/** The modules of the stores; those of ours are the subjects of their own tests. A package is named with its release. */
const modules: readonly { readonly path: string; readonly package?: string; readonly isOurs?: boolean }[] = [
  { path: './peers/express-session.ts', package: 'express-session' },
  { path: './peers/memorystore.ts', package: 'memorystore' },
  { path: './peers/connect-redis.ts', package: 'connect-redis' },
  { path: './peers/better-sqlite3-session-store.ts', package: 'better-sqlite3-session-store' },
  { path: './peers/session-file-store.ts', package: 'session-file-store' },
  { path: './memory-subject.ts', isOurs: true },
  { path: '../../packages/sqlite/test/sqlite-subject.ts', isOurs: true },
  { path: '../../packages/redis/test/redis-subject.ts', isOurs: true },
];

/** All stores of the table, on the server of this URL where they need one. */
export async function contestants(redisUrl: string): Promise<Contestant[]> {
  const all: Contestant[] = [];
  for (const { path, package: name, isOurs } of modules) {
    for (const form of isOurs ? ['plain', 'retrying'] : ['']) {
      const subject = await load(path, form, redisUrl);
      const title = name === undefined ? `**${subject.name}**` : await released(subject.name, name);
      all.push({ title, subject });
    }
  }
  return all;
}

async function load(path: string, form: string, url: string): Promise<Subject> {
  const module = new URL(path, import.meta.url);
  // The subjects of our stores say by the query how they are made.
  module.search = path.includes('sqlite-subject') ? form : `${new URLSearchParams({ form, url })}`;
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
