import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Visitor } from './visitor.js';

const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'demo-main-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function environment(more: Record<string, string>): NodeJS.ProcessEnv {
  const { STORE: _store, HOST: _host, SESSION_SECRET: _secret, IDLE_MINUTES: _idle, ...rest } = process.env;
  return { ...rest, PORT: '0', ...more };
}

function run(
  args: string[],
  env: Record<string, string> = {},
): Promise<{ code: number; output: string; errors: string }> {
  return new Promise((resolve) => {
    const options = { cwd: folder, env: environment(env), timeout: 30_000 };
    execFile(process.execPath, [main, ...args], options, (error, output, errors) => {
      resolve({ code: Number(error?.code ?? 0), output, errors });
    });
  });
}

/** The running demo, what it said so far, and where it is. */
async function serve(args: string[]): Promise<{ child: ChildProcess; url: string; said: () => string }> {
  const child = spawn(process.execPath, [main, ...args], { cwd: folder, env: environment({}) });
  let text = '';
  const url = await new Promise<string>((resolve, reject) => {
    child.on('exit', (code) => reject(new Error(`ended with ${code}: ${text}`)));
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
        const found = /The demo is at (\S+)/.exec(text)?.[1];
        if (found !== undefined) resolve(found);
      });
    }
  });
  return { child, url, said: () => text };
}

describe('node dist/main.js', () => {
  it('says how to use it', async () => {
    const { code, output } = await run(['--help']);
    expect(code).toBe(0);
    expect(output).toContain('--store');
  });

  it.each([
    [
      'an unknown store',
      ['--store', 'mysql://user:hunter2@host'],
      {},
      /the store 'mysql' is unknown; it may be/,
    ],
    [
      'a password that is not percent-encoded',
      ['--store', 'mongodb://user:hunt/er2@host'],
      {},
      /MongoDB URL of the store is not valid/,
    ],
    ['a store without a path', ['--store', 'sqlite:'], {}, /is unknown; it may be sqlite:\.\/path/],
    ['a URL that is none', ['--store', 'redis://'], {}, /Redis URL of the store is not valid/],
    ['a folder that is not there', ['--store', 'sqlite:./no/where.db'], {}, /no\/where\.db/],
    ['a file that is no database', [], { STORE: 'sqlite:./text.db' }, /cannot be used/],
    ['an unknown option', ['--stroe', 'memory'], {}, /--stroe/],
    [
      'a port that is none',
      ['--store', 'memory'],
      { PORT: '70000' },
      /PORT must be a number from 0 to 65535/,
    ],
    [
      'an idle limit that is none',
      ['--store', 'memory'],
      { IDLE_MINUTES: 'soon' },
      /IDLE_MINUTES must be a number/,
    ],
    ['a short secret', ['--store', 'memory'], { SESSION_SECRET: 'cat' }, /at least 32 characters/],
  ] as [string, string[], Record<string, string>, RegExp][])(
    'exits with 2 for %s',
    async (_, args, env, message) => {
      await writeFile(
        join(folder, 'text.db'),
        'this is no database, but a text that is long enough to be looked into\n'.repeat(20),
      );
      const { code, errors } = await run(args, env);
      expect(errors).toMatch(message);
      expect(errors).not.toMatch(/hunt|er2|^ +at /m);
      expect(code).toBe(2);
    },
  );

  it('exits with 2 for a port that is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const { code, errors } = await run(['--store', 'memory'], { PORT: String(port) });
    other.close();
    expect(errors).toContain(`cannot listen on port ${port} of 127.0.0.1: something else listens there`);
    expect(code).toBe(2);
  });

  it.each(['SIGTERM', 'SIGINT'] as const)(
    'closes in an orderly way on %s, with a page looking on',
    async (signal) => {
      const { child, url, said } = await serve(['--store', `sqlite:./${signal}.db`]);
      const stream = await fetch(`${url}/operator/events`);
      await new Visitor(url).login('Ada');
      const ended = once(child, 'exit');
      child.kill(signal);
      expect(await ended).toEqual([0, null]);
      expect(said()).toContain('Closed; no session is left that should have been ended.');
      expect(await stream.text()).toContain('created');
    },
  );
});
