import { execFile } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ServerName } from '../src/servers/known-servers.js';
import { describeWithServer } from '../src/servers/needs.js';
import { folderForExamples, readmeExamples } from './readme-files.js';

const run = promisify(execFile);
/** Ms for one example. One of them waits until a cluster has got over the death of a node. */
const limit = 60_000;

/** The servers that examples use, by the address that they show. */
const addresses = {
  redis: 'redis://127.0.0.1:6379',
  postgres: 'postgres://postgres@127.0.0.1:5432/postgres',
  mongo: 'mongodb://127.0.0.1:27017',
} as const satisfies Partial<Record<ServerName, string>>;

const all = await readmeExamples();

describe('examples of the README files', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await folderForExamples();
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
