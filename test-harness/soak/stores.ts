import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SessionStoreOptions } from '@session-stores/core';
import { type Fault, startMongo, startPostgres, startRedis } from '@session-stores/test-harness';
import { lockHeld } from './lock-holder.ts';

/** A store to be soaked, with what can go wrong with its server. */
export interface SoakedStore {
  /** For `soakSessionStore`. */
  readonly module: URL;
  readonly faults: readonly Fault[];
  /** Ends the server, and deletes the files, that were made for it. */
  close(): Promise<void>;
}

export interface StoreChoice {
  /** `memory`, `sqlite`, `redis`, `postgres`, `mongo` (a server of its own, which is killed again and again), `sqlite:path` or a URL. */
  readonly store: string;
  readonly form: 'plain' | 'retrying';
  readonly options?: SessionStoreOptions | undefined;
}

interface Server {
  readonly url: string;
  kill(): Promise<void>;
  restart(): Promise<void>;
  stop(): Promise<void>;
}

const servers: Readonly<Record<string, () => Promise<Server>>> = {
  // What it has acknowledged is on the disk.
  redis: () => startRedis({ args: ['--appendonly', 'yes', '--appendfsync', 'always'] }),
  postgres: startPostgres,
  mongo: startMongo,
};

/** Throws an `Error` that says what a store may be, unless it is one. */
export function checkStore(store: string): void {
  if (!(Object.hasOwn(servers, store) || /^(memory|sqlite|sqlite:.+)$/.test(store))) kindOf(store);
}

/** Throws as `checkStore` does. */
export async function openStore(choice: StoreChoice): Promise<SoakedStore> {
  const { store } = choice;
  const start = servers[store];
  if (start !== undefined) {
    const server = await start();
    return {
      module: moduleOf(choice, store, server.url),
      faults: [killed(server)],
      close: () => server.stop(),
    };
  }
  if (store === 'memory') return { module: moduleOf(choice, store, ''), faults: [], close: async () => {} };
  if (store === 'sqlite') return openFile(choice);
  const path = /^sqlite:(.+)$/.exec(store)?.[1];
  const [kind, where] = path === undefined ? [kindOf(store), store] : ['sqlite', path];
  return {
    module: moduleOf(choice, kind, where),
    faults: path === undefined ? [] : [lockHeld(path)],
    close: async () => {},
  };
}

async function openFile(choice: StoreChoice): Promise<SoakedStore> {
  const directory = await mkdtemp(join(tmpdir(), 'session-stores-soak-'));
  const path = join(directory, 'sessions.db');
  return {
    module: moduleOf(choice, 'sqlite', path),
    faults: [lockHeld(path)],
    close: () => rm(directory, { recursive: true, force: true }),
  };
}

/** Which store speaks the protocol of a URL. */
function kindOf(url: string): string {
  const kinds: Record<string, string> = {
    'redis:': 'redis',
    'rediss:': 'redis',
    'postgres:': 'postgres',
    'postgresql:': 'postgres',
    'mongodb:': 'mongo',
  };
  const kind = URL.canParse(url) ? kinds[new URL(url).protocol] : undefined;
  if (kind !== undefined) return kind;
  // Not the whole of it: there may be a password inside.
  throw new Error(
    `the store '${url.split(':')[0]}' is unknown; it may be memory, sqlite, redis, postgres or mongo (with a server of its own), sqlite:./path.db, redis://…, postgres://… or mongodb://…`,
  );
}

function moduleOf({ form, options = {} }: StoreChoice, store: string, where: string): URL {
  const query = new URLSearchParams({ store, form, where, options: JSON.stringify(options) });
  return new URL(`./store-module.ts?${query}`, import.meta.url);
}

function killed(server: Server): Fault {
  return {
    name: 'server killed',
    async begin() {
      await server.kill();
      return { end: () => server.restart() };
    },
  };
}
