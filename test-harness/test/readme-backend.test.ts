import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { SessionBackend } from '@session-stores/core';
import { afterAll, describe, it } from 'vitest';
import { describeSessionBackend } from '../src/backend-contract/describe-session-backend.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const cache = join(root, 'test-harness', '.cache');
await mkdir(cache, { recursive: true });
// Inside this package, where what the example imports is installed.
const folder = await mkdtemp(join(cache, 'readme-backend-'));
afterAll(() => rm(folder, { recursive: true }));

async function exampleBackend(): Promise<() => SessionBackend> {
  const readme = await readFile(join(root, 'packages', 'core', 'README.md'), 'utf8');
  const [code] = /(?<=^```js\n)(?:(?!^```).)*export function mapBackend.*?(?=^```)/ms.exec(readme) ?? [];
  if (code === undefined) throw new Error('the README of core shows no backend');
  const file = join(folder, 'example.mjs');
  await writeFile(file, code);
  const { mapBackend } = (await import(pathToFileURL(file).href)) as { mapBackend(): SessionBackend };
  return mapBackend;
}

describeSessionBackend(
  {
    name: 'the backend that the README of core shows',
    create: await exampleBackend(),
    without: ['count', 'clear'],
  },
  { describe, it },
);
