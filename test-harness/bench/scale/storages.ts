import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { SessionBackend } from '@session-stores/core';
import { MemoryBackend } from '@session-stores/memory';
import { PostgresBackend } from '@session-stores/postgres';
import { RedisBackend } from '@session-stores/redis';
import { SqliteBackend } from '@session-stores/sqlite';
import Database from 'better-sqlite3';
import { Redis } from 'ioredis';
import pg from 'pg';

/** Those whose speed can be told here: MongoDB's shows on a mongod only. */
export const storageNames = ['memory', 'sqlite', 'redis', 'postgres'] as const;

export type StorageName = (typeof storageNames)[number];

/** Where sessions are stored, and how much room they take. */
export interface Storage {
  /** A backend of its own for each name. */
  backend(name: string): SessionBackend;
  /** Bytes of everything that is stored: of the process, the server or the files. */
  bytes(): Promise<number>;
  close(): Promise<void>;
}

/** `url`: of the server; `folder`: for files. */
export function openStorage(storage: StorageName, url: string, folder: string): Storage {
  return openers[storage](url, folder);
}

const openers: Readonly<Record<StorageName, (url: string, folder: string) => Storage>> = {
  memory: () => ({
    backend: () => new MemoryBackend(),
    bytes: async () => {
      collectGarbage();
      return process.memoryUsage().heapUsed;
    },
    close: async () => {},
  }),

  sqlite: (_, folder) => {
    const paths = new Set<string>();
    return {
      backend(name) {
        const path = join(folder, `${name}.db`);
        paths.add(path);
        return new SqliteBackend({ path });
      },
      async bytes() {
        let sum = 0;
        for (const path of paths) sum += bytesOfFile(path);
        return sum;
      },
      close: async () => {},
    };
  },

  // Each in a database of its own, because keys of one database are in one table, which has one size.
  redis(url) {
    const clients: Redis[] = [];
    const direct = new Redis(url);
    return {
      backend() {
        const client = new Redis(url, { db: clients.length + 1 });
        clients.push(client);
        return new RedisBackend({ client, prefix: `scale:${process.pid}:` });
      },
      async bytes() {
        return bytesOfServer(direct);
      },
      async close() {
        for (const client of [direct, ...clients]) client.disconnect();
      },
    };
  },

  postgres(url) {
    const pool = new pg.Pool({ connectionString: url });
    const tables: string[] = [];
    return {
      backend(name) {
        const table = `scale_${name}_${process.pid}`;
        tables.push(table);
        return new PostgresBackend({ pool, table });
      },
      async bytes() {
        const sizes = tables.map((table) => `coalesce(pg_total_relation_size(to_regclass('${table}')), 0)`);
        return Number((await pool.query(`select ${sizes.join(' + ')} as bytes`)).rows[0].bytes);
      },
      async close() {
        for (const table of tables)
          await pool.query(`drop table if exists ${table}, ${table}_schema cascade`);
        await pool.end();
      },
    };
  },
};

/** Of an SQLite file, with what its WAL has for it. */
export function bytesOfFile(path: string): number {
  const database = new Database(path);
  database.pragma('wal_checkpoint(truncate)');
  database.close();
  return statSync(path).size;
}

/** Of all that a Redis has in memory. */
export async function bytesOfServer(client: Redis): Promise<number> {
  return Number(/used_memory:(\d+)/.exec(await client.info('memory'))?.[1]);
}

/** What the garbage of this process takes is not what its sessions take. */
export function collectGarbage(): void {
  (globalThis as { gc?: () => void }).gc?.();
}
