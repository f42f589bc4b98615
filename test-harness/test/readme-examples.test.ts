import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ServerName } from '../src/servers/known-servers.js';
import { describeWithServer } from '../src/servers/needs.js';

const run = promisify(execFile);
/** Ms for one example. One of them waits until a cluster has got over the death of a node. */
const limit = 60_000;
const root = fileURLToPath(new URL('../..', import.meta.url));

/** The README files of the repository and of every package. */
async function readmes(): Promise<string[]> {
  const packages = await readdir(join(root, 'packages'));
  const folders = ['', 'test-harness', ...packages.map((name) => join('packages', name))];
  return folders.map((folder) => join(root, folder, 'README.md'));
}

interface Example {
  readonly name: string;
  readonly code: string;
  readonly extension: 'mjs' | 'mts';
}

async function examples(): Promise<Example[]> {
  const found: Example[] = [];
  for (const file of await readmes()) {
    const text = await readFile(file, 'utf8').catch(() => '');
    const name = relative(root, file);
    for (const [index, [, language, code]] of [...text.matchAll(/^```(js|ts)\n(.*?)^```/gms)].entries()) {
      found.push({
        name: `${name}, example ${index + 1}`,
        code: code ?? '',
        extension: language === 'ts' ? 'mts' : 'mjs',
      });
    }
  }
  return found;
}

/** The servers that examples use, by the address that they show. */
const addresses = {
  redis: 'redis://127.0.0.1:6379',
  postgres: 'postgres://postgres@127.0.0.1:5432/postgres',
  mongo: 'mongodb://127.0.0.1:27017',
} as const satisfies Partial<Record<ServerName, string>>;

const all = await examples();

describe('examples of the README files', () => {
  let folder: string;
  beforeAll(async () => {
    // Inside this package, where everything that an example imports is installed.
    const cache = join(root, 'test-harness', '.cache');
    await mkdir(cache, { recursive: true });
    folder = await mkdtemp(join(cache, 'readme-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('are there', () => {
    expect(all.length).toBeGreaterThan(5);
  });

  for (const [index, { name, code, extension }] of all.entries()) {
    const runs = (runnable: string) =>
      it.concurrent(`${name} runs`, { timeout: 2 * limit }, async () => {
        const file = join(folder, `example-${index}.${extension}`);
        await writeFile(file, runnable);
        const program = `await import(${JSON.stringify(pathToFileURL(file).href)}); process.exit()`;
        const env = { ...process.env, SESSION_SECRET: 'for the test' };
        await run(process.execPath, ['--input-type=module', '--eval', program], {
          cwd: folder,
          env,
          timeout: limit,
        });
      });
    const uses = Object.entries(addresses).find(([, address]) => code.includes(address));
    if (uses === undefined) runs(code);
    else {
      const [server, address] = uses as [keyof typeof addresses, string];
      describeWithServer(server, name, (url) => runs(code.replaceAll(address, url)));
    }
  }
});
