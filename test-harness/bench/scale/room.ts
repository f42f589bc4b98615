import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import pg from 'pg';
import { bytesOfFile, bytesOfServer, collectGarbage, type StorageName } from './storages.ts';

/** What a store is asked to take in, to see how much room that takes. */
export interface RoomTask {
  readonly storage: StorageName;
  /** Whose default export is the subject. */
  readonly module: string;
  /** Of the server. */
  readonly url: string;
  /** An empty folder, for files. */
  readonly folder: string;
  readonly sessions: number;
  /** Of a session as JSON. */
  readonly bytes: number;
}

export interface Room {
  readonly storage: StorageName;
  /** Of the store. */
  readonly title: string;
  readonly bytesPerSession: number;
}

/** Bytes of everything in a storage, whoever put it there. */
export const bytesOf: Readonly<Record<StorageName, (task: RoomTask) => Promise<number>>> = {
  async memory() {
    collectGarbage();
    return process.memoryUsage().heapUsed;
  },

  async sqlite({ folder }) {
    let sum = 0;
    for (const name of await readdir(folder)) {
      if (name.endsWith('.db')) sum += bytesOfFile(join(folder, name));
    }
    return sum;
  },

  async redis({ url }) {
    const client = new Redis(url);
    const bytes = await bytesOfServer(client);
    client.disconnect();
    return bytes;
  },

  async postgres({ url }) {
    const [row] = await ask(url, 'select pg_database_size(current_database()) as bytes');
    return Number(row?.bytes);
  },
};

/** Takes away what is left of a store of this namespace when its sessions are gone: a server may be the user's own. */
export async function clean({ storage, url }: RoomTask, namespace: string): Promise<void> {
  if (storage === 'redis') await unlinkGraves(url, namespace);
  if (storage !== 'postgres') return;
  await ask(url, `drop schema if exists ${namespace} cascade`);
  await ask(url, `drop table if exists ${namespace}, ${namespace}_schema cascade`);
}

async function unlinkGraves(url: string, namespace: string): Promise<void> {
  const client = new Redis(url);
  for await (const keys of client.scanStream({ match: `${namespace}:*`, count: 1_000 })) {
    if (keys.length > 0) await client.unlink(...keys);
  }
  client.disconnect();
}

async function ask(url: string, text: string): Promise<readonly { readonly bytes?: unknown }[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}
