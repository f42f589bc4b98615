import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';

const folder = join(import.meta.dirname, 'closing-line');
const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');

interface Run {
  readonly code: number | string;
  readonly lines: readonly string[];
}

const runOn = (files: readonly string[], environment?: Record<string, string>) =>
  start(
    files.map((name) => `${name}.run`),
    environment,
  );

function start(
  args: readonly string[],
  environment: Record<string, string> = {},
  ended?: Promise<void>,
): Promise<Run> {
  const command = [vitest, 'run', '--config', join(folder, 'vitest.config.ts'), ...args];
  const { CI: _, ALLOW_NOT_RUN: __, ...inherited } = process.env;
  const env = { ...inherited, NO_COLOR: '1', ...environment };
  return new Promise((resolve) => {
    const child = execFile(process.execPath, command, { env, cwd: folder }, (error, stdout) => {
      resolve({ code: error?.code ?? 0, lines: stdout.trimEnd().split('\n') });
    });
    void ended?.then(() => child.kill());
  });
}

describe('the closing line', { timeout: 60_000 }, () => {
  it('counts what passed', async () => {
    expect(await runOn(['good'])).toEqual({ code: 0, lines: ['2 passed, 0 failed'] });
  });

  it('names what was not run for want of a server, and how to get it', async () => {
    const { code, lines } = await runOn(['good', 'needy']);
    expect(code).toBe(0);
    expect(lines).toContain('NOT RUN: needy.run.ts > a group for Redis');
    expect(lines.find((line) => line.startsWith('  They need a Redis server.'))).toMatch(
      /sudo apt-get install redis-server/,
    );
    expect(lines.at(-1)).toBe('3 passed, 0 failed, 1 not run');
  });

  it('makes that a failure under CI=true', async () => {
    const { code, lines } = await runOn(['good', 'needy'], { CI: 'true' });
    expect(code).toBe(1);
    expect(lines).toContain('NOT RUN: needy.run.ts > a group for Redis');
    expect(lines.at(-1)).toBe('3 passed, 1 failed');
  });

  it('allows under CI=true what only a real mongod can carry, and still names it', async () => {
    const environment = { CI: 'true', ALLOW_NOT_RUN: 'mongod,mongod-binary' };
    const { code, lines } = await runOn(['good', 'for-mongod'], environment);
    expect(code).toBe(0);
    expect(lines).toContain('NOT RUN: for-mongod.run.ts > a group for TTL indexes');
    expect(lines).toContain('NOT RUN: for-mongod.run.ts > a group for a replica set');
    expect(lines.filter((line) => line.startsWith('  They need'))).toEqual([
      expect.stringMatching(
        /a real mongod, .*To run them: MONGOMS_SYSTEM_BINARY=\/path\/to\/mongod npm test/,
      ),
      expect.stringMatching(
        /real mongods of its own, .*To run them: MONGOMS_SYSTEM_BINARY=\/path\/to\/mongod npm test/,
      ),
    ]);
    expect(lines.join()).not.toContain('failure');
    expect(lines.at(-1)).toBe('2 passed, 0 failed, 2 not run');
  });

  it('allows no more than is named', async () => {
    const { code, lines } = await runOn(['good', 'for-mongod'], { CI: 'true', ALLOW_NOT_RUN: 'mongod' });
    expect(code).toBe(1);
    expect(lines.at(-1)).toBe('2 passed, 1 failed, 1 not run');
  });

  it('refuses to allow what every machine can have', async () => {
    const { code, lines } = await runOn(['good', 'needy'], { CI: 'true', ALLOW_NOT_RUN: 'redis,mongod' });
    expect(code).toBe(1);
    expect(lines).toContain(
      "ALLOW_NOT_RUN may name mongod, mongod-binary, mongos, but not 'redis', which is a failure",
    );
    expect(lines.at(-1)).toBe('3 passed, 2 failed');
  });

  it('counts a skipped test as a failure', async () => {
    const { code, lines } = await runOn(['skipping']);
    expect(code).toBe(1);
    expect(lines).toContain('SKIPPED, which is a failure: skipping.run.ts > is skipped');
    expect(lines.at(-1)).toBe('1 passed, 2 failed');
  });

  it('leaves out what was not asked for by name', async () => {
    const files = ['good', 'skipping'].map((name) => `${name}.run`);
    const { code, lines } = await start([...files, '-t', 'adds']);
    expect({ code, lines }).toEqual({ code: 0, lines: ['1 passed, 0 failed'] });
  });

  it('counts and names failed tests, files that cannot be loaded and hooks that fail', async () => {
    const { code, lines } = await runOn(['good', 'failing', 'broken', 'hook']);
    expect(code).toBe(1);
    expect(lines.filter((line) => line.startsWith('FAILED: ')).sort()).toEqual([
      'FAILED: broken.run.ts: this file cannot be loaded',
      'FAILED: failing.run.ts > fails: expected 1 to be 2 // Object.is equality',
      'FAILED: hook.run.ts: could not clean up',
    ]);
    expect(lines.at(-1)).toBe('4 passed, 3 failed');
  });

  it('ends a run whose tests left something behind, which Vitest would wait for', async () => {
    const began = performance.now();
    const { code, lines } = await runOn(['leaving']);
    expect(performance.now() - began).toBeLessThan(20_000);
    expect(code).toBe(0);
    expect(lines[0]).toBe('1 passed, 0 failed');
    expect(lines[1]).toMatch(/^LEFT RUNNING: the process of the tests, by .+/);
  });

  it('names what was running when the run was ended from outside', async () => {
    const place = mkdtempSync(join(tmpdir(), 'endless-'));
    const begun = join(place, 'begun');
    const isRunning = expect.poll(() => existsSync(begun), { timeout: 30_000 }).toBe(true);
    const { code, lines } = await start(['endless.run'], { BEGUN: begun }, isRunning);
    expect({ code, lines }).toEqual({ code: 1, lines: ['UNFINISHED: endless.run.ts > never ends'] });
    rmSync(place, { recursive: true });
  });
});
