import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Redis } from 'ioredis';
import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { describeWithServer } from '../src/servers/needs.js';
import { startPostgres } from '../src/servers/postgres.js';
import { startRedis } from '../src/servers/redis.js';
import { ServerProcess } from '../src/servers/server-process.js';

const run = promisify(execFile);

async function askRedis<T>(url: string, question: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(url, { maxRetriesPerRequest: 0, retryStrategy: null, lazyConnect: true });
  redis.on('error', () => {});
  try {
    await redis.connect();
    return await question(redis);
  } finally {
    redis.disconnect();
  }
}

describeWithServer('redis', 'the shared Redis', (url) => {
  it('answers', async () => {
    expect(await askRedis(url, (redis) => redis.ping())).toBe('PONG');
  });
});

describeWithServer('postgres', 'the shared PostgreSQL', (url) => {
  it('answers', async () => {
    const client = new pg.Client(url);
    await client.connect();
    expect((await client.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
    await client.end();
  });
});

describe('a server that does not heed the signal that is to end it', () => {
  it('is killed after a while', async () => {
    const server = new ServerProcess({
      program: 'sh',
      args: ['-c', 'trap "" QUIT; echo ready; while :; do sleep 0.1; done'],
      temporary: undefined,
      killedBy: 'SIGKILL',
    });
    await server.said(/ready/, 5_000);
    await server.end('SIGQUIT', 300);
    expect(server.isRunning).toBe(false);
  });
});

describeWithServer('redis-server', 'a Redis of a test', () => {
  it('is killed, comes back on the same port with its data, and is gone after stop', async () => {
    const server = await startRedis({ args: ['--appendonly', 'yes', '--appendfsync', 'always'] });
    const folder = await askRedis(server.url, async (redis) => {
      await redis.set('key', 'value');
      return (await redis.config('GET', 'dir')) as string[];
    });
    await server.kill();
    await expect(askRedis(server.url, (redis) => redis.ping())).rejects.toThrow();
    await server.restart();
    expect(await askRedis(server.url, (redis) => redis.get('key'))).toBe('value');
    await server.stop();
    await expect(askRedis(server.url, (redis) => redis.ping())).rejects.toThrow();
    expect(existsSync(String(folder[1]))).toBe(false);
  });

  it('says why it does not start', async () => {
    await expect(startRedis({ args: ['--no-such-setting', '1'] })).rejects.toThrow(/no-such-setting/);
  });

  it('does not outlive a process that is killed', { timeout: 20_000 }, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'session-stores-test-'));
    const module = new URL('../dist/servers/redis.js', import.meta.url).href;
    const script = `
      const { startRedis } = await import(${JSON.stringify(module)});
      const server = await startRedis({ directory: ${JSON.stringify(folder)}, args: ['--pidfile', ${JSON.stringify(`${folder}/pid`)}, '--daemonize', 'no'] });
      console.log(server.url);
      setInterval(() => {}, 1_000);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = await once(child.stdout, 'data');
    const url = String(line).trim();
    expect(await askRedis(url, (redis) => redis.ping())).toBe('PONG');
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
    // The watchdog is another process: this is how often its work is looked for, and when the test gives up.
    for (let left = 200; await redisAnswers(url); left--) {
      expect(left).toBeGreaterThan(0);
      await wait(25);
    }
    await rm(folder, { recursive: true, force: true });
  });

  async function redisAnswers(url: string): Promise<boolean> {
    return askRedis(url, (redis) => redis.ping()).then(
      () => true,
      () => false,
    );
  }
});

describeWithServer('postgres-server', 'a PostgreSQL of a test', () => {
  it('comes back after a crash with what was committed, and leaves nothing behind', {
    timeout: 60_000,
  }, async () => {
    const server = await startPostgres();
    const query = async (text: string) => {
      const client = new pg.Client(server.url);
      client.on('error', () => {});
      await client.connect();
      return client.query(text).finally(() => client.end());
    };
    await query('create table kept as select 1 as one');
    const folder = String((await query('show data_directory')).rows[0].data_directory);
    await server.restart();
    expect((await query('select one from kept')).rows).toEqual([{ one: 1 }]);
    const pid = Number((await readFile(join(folder, 'postmaster.pid'), 'utf8')).split('\n')[0]);
    await server.stop();
    await expect(run('kill', ['-0', String(pid)])).rejects.toThrow();
    expect(existsSync(folder)).toBe(false);
  });
});

describe('a program that is not there', () => {
  it('is a clear error', async () => {
    const { PATH, REDIS_SERVER } = process.env;
    process.env.PATH = '';
    delete process.env.REDIS_SERVER;
    try {
      await expect(startRedis()).rejects.toThrow('no redis-server on PATH, and REDIS_SERVER names none');
    } finally {
      process.env.PATH = PATH;
      if (REDIS_SERVER !== undefined) process.env.REDIS_SERVER = REDIS_SERVER;
    }
  });
});
