import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { SessionBackend } from '@session-stores/core';
import { afterAll, describe, it } from 'vitest';
import { describeSessionBackend } from '../src/backend-contract/describe-session-backend.js';
import { folderForExamples, readmeExamples } from './readme-files.js';

const folder = await folderForExamples();
afterAll(() => rm(folder, { recursive: true }));

async function exampleBackend(): Promise<() => SessionBackend> {
  const example = (await readmeExamples()).find(({ code }) => code.includes('export function mapBackend'));
  if (example === undefined) throw new Error('the README of core shows no backend');
  const file = join(folder, `example.${example.extension}`);
  await writeFile(file, example.code);
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
