import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const command = fileURLToPath(new URL('../dist/command-line/main.js', import.meta.url));

interface Check {
  readonly id: string;
  readonly area: string;
  readonly level: 'required' | 'promise';
  readonly outcome: 'passed' | 'failed' | 'not applicable';
}

/** The whole suite over an example, by the command, as a store's author would run it. */
function check(example: string): Promise<{ code: number; checks: Check[] }> {
  const path = fileURLToPath(new URL(`../examples/${example}`, import.meta.url));
  return new Promise((resolve, reject) => {
    const args = [command, 'check', path, '--json', '-'];
    execFile(process.execPath, args, { maxBuffer: 2 ** 26 }, (error, stdout, stderr) => {
      if (stdout === '') reject(new Error(stderr));
      else resolve({ code: Number(error?.code ?? 0), checks: JSON.parse(stdout).checks });
    });
  });
}

function failed(checks: readonly Check[]): string[] {
  return checks.filter(({ outcome }) => outcome === 'failed').map(({ id }) => id);
}

describe.concurrent('the examples', { timeout: 300_000 }, () => {
  it('a store written from the README of express-session passes the required level, and brings sessions back', async () => {
    const { code, checks } = await check('readme-store.js');
    expect(failed(checks.filter(({ level }) => level === 'required'))).toEqual([]);
    expect(code).toBe(0);
    expect(failed(checks.filter(({ area }) => area === 'resurrection'))).not.toEqual([]);
    expect(failed(checks.filter(({ area }) => area === 'concurrency'))).not.toEqual([]);
  });

  it('a store written as four functions for one item each passes everything that applies to it', async () => {
    const { code, checks } = await check('folder-store.ts');
    expect(failed(checks)).toEqual([]);
    expect(code).toBe(0);
    for (const area of ['resurrection', 'concurrency', 'expiry', 'data', 'ids', 'isolation']) {
      const passed = checks.filter((one) => one.area === area && one.outcome === 'passed');
      expect(passed, area).not.toEqual([]);
    }
  });
});
