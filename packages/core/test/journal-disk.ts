import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { readJournal } from '../src/journal-lines.js';

export function newPath(): string {
  const folder = fs.mkdtempSync(join(tmpdir(), 'session-stores-journal-'));
  onTestFinished(() => fs.rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'journal');
}

export const entriesAt = (path: string) => readJournal(fs.readFileSync(path)).entries;

/** Replaces a function of node:fs, for this process, until the test ends. */
export function replaceInFs<Name extends keyof typeof fs>(
  name: Name,
  by: (real: (typeof fs)[Name]) => unknown,
): void {
  const real = fs[name];
  const put = (value: unknown): void => {
    Object.assign(fs, { [name]: value });
    syncBuiltinESMExports();
  };
  put(by(real));
  onTestFinished(() => put(real));
}
