import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

it.each([
  ['bench/main.ts', ['--nonsense'], "Unknown option '--nonsense'"],
  ['bench/main.ts', ['--only', 'memory,nobody'], "there is no 'nobody'; there are memory, sqlite"],
  ['bench/scale/main.ts', ['--sessions', 'many'], "--sessions: 'many' is no whole number"],
  ['compare/main.ts', ['--nonsense'], "Unknown option '--nonsense'"],
  ['soak/main.ts', ['--store'], "Option '--store <value>' argument missing"],
  [
    'soak/main.ts',
    ['--store', 'nobody://user:secret@host'],
    "the store 'nobody' is unknown; it may be memory",
  ],
])('%s %j ends at once and says what is wrong', (script, args, reason) => {
  const path = fileURLToPath(new URL(`../${script}`, import.meta.url));
  const { status, stdout, stderr } = spawnSync(process.execPath, [path, ...args], { encoding: 'utf8' });
  expect(stderr).toContain(reason);
  expect(stderr).toMatch(/ says? what it takes\.\n$/);
  expect(stderr).not.toContain('    at ');
  expect(stderr).not.toContain('secret');
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
});
