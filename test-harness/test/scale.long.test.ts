import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { describeWithServer } from '../src/servers/needs.js';

const run = promisify(execFile);
const main = fileURLToPath(new URL('../bench/scale/main.ts', import.meta.url));

describeWithServer('redis', 'npm run scale', (redis) => {
  describeWithServer('postgres', 'on every storage', (postgres) => {
    it('measures many sessions beside few, and leaves nothing behind', { timeout: 180_000 }, async () => {
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
    });
  });

  it('says what it takes', async () => {
    const failure = await run(process.execPath, [main, '--sessions', 'many']).catch((error) => error);
    expect(failure).toMatchObject({ code: 2, stderr: expect.stringContaining('--sessions a number') });
  });
});
