import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Redis } from 'ioredis';
import { afterEach, describe, expect, inject, it } from 'vitest';
import { describeWithServer } from '../src/servers/needs.js';

const main = fileURLToPath(new URL('../dist/services/main.js', import.meta.url));
const run = promisify(execFile);
const children: ChildProcess[] = [];

afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
});

function start(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const child = spawn(process.execPath, [main, ...args], { env: { ...process.env, ...env } });
  children.push(child);
  let [output, errors] = ['', ''];
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  const lines = new Promise<string>((resolve, reject) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      resolve(output);
    });
    child.once('exit', (code) => reject(new Error(`ended with ${code}: ${errors}`)));
  });
  // Who waits for the end only asks for no lines.
  lines.catch(() => {});
  return { child, lines, output: () => output, errors: () => errors, exit: once(child, 'exit') };
}

/** The variables that a shell has after it has read the lines. */
async function readByShell(lines: string): Promise<Record<string, string>> {
  const { stdout } = await run('sh', ['-c', 'eval "$1"; env -0', 'sh', lines], { env: {} });
  return Object.fromEntries(
    stdout.split('\0').map((line) => line.split(/=(.*)/s).slice(0, 2) as [string, string]),
  );
}

async function answers(url: string): Promise<boolean> {
  const redis = new Redis(url, { maxRetriesPerRequest: 0, retryStrategy: null, lazyConnect: true });
  redis.on('error', () => {});
  const answer = redis.connect().then(() => redis.ping());
  return answer
    .then(
      () => true,
      () => false,
    )
    .finally(() => redis.disconnect());
}

/** Servers that the environment names are not started; these take the longest. */
const named = {
  PG_URL: "postgres://ann:it's@db.example/sessions?sslmode=require&x=$HOME",
  MONGO_URL: inject('servers').mongo,
};

describeWithServer('redis-server', 'npm run services', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)(
    'prints what a shell can read, and ends what it started on %s',
    { timeout: 60_000 },
    async (signal) => {
      const services = start([], { ...named, REDIS_URL: undefined });
      const variables = await readByShell(await services.lines);
      expect(variables.PG_URL).toBe(named.PG_URL);
      const redis = String(variables.REDIS_URL);
      expect(await answers(redis)).toBe(true);
      services.child.kill(signal);
      expect(await services.exit).toEqual([0, null]);
      expect(await answers(redis)).toBe(false);
      expect(services.output()).toMatch(/^(export [A-Z_]+='.*'\n)+$/);
      expect(services.errors()).not.toContain('db.example');
    },
  );

  it('stays where it has nothing to start itself', { timeout: 60_000 }, async () => {
    const services = start([], { ...named, REDIS_URL: 'redis://cache.example' });
    expect((await readByShell(await services.lines)).REDIS_URL).toBe('redis://cache.example');
    services.child.kill('SIGTERM');
    expect(await services.exit).toEqual([0, null]);
    expect(services.errors()).toContain('SIGTERM: ending them');
  });
});

describe('npm run services, misused', () => {
  it('says which option it does not know', async () => {
    const services = start(['--clutser']);
    expect(await services.exit).toEqual([1, null]);
    expect(services.errors()).toMatch(/--clutser/);
    expect(services.output()).toBe('');
  });

  it('says why a server does not start, and leaves none behind', { timeout: 60_000 }, async () => {
    const services = start([], { ...named, REDIS_URL: undefined, REDIS_SERVER: '/bin/false' });
    expect(await services.exit).toEqual([1, null]);
    expect(services.errors()).toMatch(/^services: \/bin\/false ended \(1\) before it was ready/m);
    expect(services.output()).toBe('');
  });
});
