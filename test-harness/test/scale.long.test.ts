import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Redis } from 'ioredis';
import pg from 'pg';
import { expect, it } from 'vitest';
import { describeWithServer } from '../src/servers/needs.js';

const run = promisify(execFile);
const main = fileURLToPath(new URL('../bench/scale/main.ts', import.meta.url));

/** Keys and tables of measurements. */
async function remainsIn(redis: string, postgres: string): Promise<string[]> {
  const remains: string[] = [];
  for (const db of [1, 2]) {
    const client = new Redis(redis, { db });
    remains.push(...(await client.keys('scale:*')));
    client.disconnect();
  }
  const direct = new Redis(redis);
  remains.push(...(await direct.keys('room_*')));
  direct.disconnect();
  const client = new pg.Client({ connectionString: postgres });
  await client.connect();
  const { rows } = await client.query(
    "select schemaname || '.' || tablename as name from pg_tables where tablename ~ '^(scale|room)_' or schemaname ~ '^room_'",
  );
  await client.end();
  return [...remains, ...rows.map(({ name }) => name)];
}

describeWithServer('redis', 'npm run scale', (redis) => {
  describeWithServer('postgres', 'on every storage', (postgres) => {
    it('measures many sessions beside few, and leaves nothing behind', { timeout: 300_000 }, async () => {
      const env = { ...process.env, REDIS_URL: redis, PG_URL: postgres };
      const { stdout } = await run(process.execPath, [main, '--sessions', '4000'], { env });
      const rows = (table: number) =>
        (stdout.trimEnd().split('\n\n')[table]?.split('\n') ?? [])
          .slice(2)
          .map((line) => line.split('|').slice(1, -1));
      for (const table of [1, 3, 5]) {
        expect(rows(table).map(([storage]) => storage?.trim())).toEqual([
          'memory',
          'sqlite',
          'redis',
          'postgres',
        ]);
      }
      for (const [, ...figures] of [...rows(1), ...rows(3)]) {
        for (const figure of figures) expect(Number(figure?.replaceAll(',', ''))).toBeGreaterThanOrEqual(0);
      }
      expect(rows(5).map(([, swept]) => swept?.trim())).toEqual(['2,000', '2,000', 'by the server', '2,000']);
      const rooms = rows(7);
      expect(rooms.map(([, store]) => store?.trim().replace(/ [\d.]+$/, ''))).toEqual([
        'MemoryStore of session-stores',
        'MemoryStore of express-session',
        'memorystore',
        'SqliteStore',
        'better-sqlite3-session-store',
        'RedisStore',
        'RedisStore on node-redis',
        'connect-redis',
        'PostgresStore',
        'connect-pg-simple',
        'connect-session-knex',
      ]);
      // A session has 500 bytes.
      for (const [, , bytes] of rooms) expect(Number(bytes?.replaceAll(',', ''))).toBeGreaterThan(500);
      expect(await remainsIn(redis, postgres)).toEqual([]);
    });
  });
});
