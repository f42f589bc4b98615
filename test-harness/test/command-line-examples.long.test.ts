import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';

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

/** The histories of an example, by the command of the README. */
function histories(
  example: string,
  ...options: string[]
): Promise<{ code: number; output: string; report: { verdict: string; seed: number; sessions: number } }> {
  const path = fileURLToPath(new URL(`../examples/${example}`, import.meta.url));
  return new Promise((resolve, reject) => {
    const args = [command, 'check', '--histories', path, '--json', '-', ...options];
    execFile(process.execPath, args, { maxBuffer: 2 ** 26 }, (error, stdout, stderr) => {
      if (stdout === '') reject(new Error(stderr));
      else resolve({ code: Number(error?.code ?? 0), output: stderr, report: JSON.parse(stdout) });
    });
  });
}

describe('histories of the examples', { timeout: 120_000 }, () => {
  it('of a store written from the README of express-session have no order, and a picture shows why', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'histories-svg-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const { code, output, report } = await histories('readme-store.js', '--seed', '7', '--svg', folder);
    expect([code, report.verdict, report.seed]).toEqual([1, 'wrong', 7]);
    expect(output).toMatch(/^Session s\d+\.\d: no order of these calls explains what they were answered/m);
    expect(output).toMatch(/^p1 c\d .*├─*\d+─*┤/m);
    expect(output).toMatch(/^Violated: \d sessions? that no order of the calls explains\.$/m);
    const pictures = await readdir(folder);
    expect(pictures.length).toBeGreaterThan(0);
    expect(await readFile(join(folder, pictures[0] as string), 'utf8')).toMatch(/^<svg /);
  });

  it('of a store written as four functions for one item each have one', async () => {
    const { code, output, report } = await histories('folder-store.ts', '--seconds', '5');
    expect([code, report.verdict]).toEqual([0, 'right']);
    expect(output).toMatch(/--seed \d+\n/);
    expect(report.sessions).toBeGreaterThan(10);
  });
});
