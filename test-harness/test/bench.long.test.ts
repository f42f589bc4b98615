import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { closedLoop } from '../src/bench/closed-loop.js';
import { comparisonsOf } from '../src/bench/comparison.js';
import type { Measurement } from '../src/bench/contestant.js';
import { aheadOf, benchmarkMarkdown } from '../src/bench/markdown.js';
import { benchmarkPlot } from '../src/bench/plot.js';
import { type BenchmarkReport, mediansOf, ratioOf } from '../src/bench/report.js';
import { sessionData } from '../src/bench/session-data.js';

const command = fileURLToPath(new URL('../dist/command-line/main.js', import.meta.url));
const readmeStore = fileURLToPath(new URL('../examples/readme-store.js', import.meta.url));

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bench-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function bench(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const small = ['--rounds', '2', '--milliseconds', '5'];
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [command, 'bench', ...args, ...small],
      { cwd: folder },
      (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
      },
    );
  });
}

/** A module whose store is that of the README but for what `body` overrides. */
async function variant(name: string, body: string): Promise<string> {
  const from = JSON.stringify(new URL('../examples/readme-store.js', import.meta.url).href);
  await writeFile(
    join(folder, name),
    `import { MapStore } from ${from};\nclass Variant extends MapStore { ${body} }\nexport default () => new Variant();\n`,
  );
  return `./${name}`;
}

const round = (perSecond: number, more: Partial<Measurement> = {}): Measurement => ({
  perSecond,
  p50: 1,
  p99: 2,
  cpu: 10,
  ...more,
});

describe('session-stores bench', { timeout: 120_000 }, () => {
  it('measures a store against another one, operation by operation and as an application', async () => {
    const { code, stdout } = await bench(
      ...[
        readmeStore,
        '--against',
        readmeStore,
        '--in-flight',
        '1,8',
        '--sizes',
        '500,2000',
        '--application',
      ],
      ...['--json', 'report.json', '--svg', 'plot.svg', '--markdown', '-'],
    );
    expect(code).toBe(0);
    const report = JSON.parse(await readFile(join(folder, 'report.json'), 'utf8')) as BenchmarkReport;
    const titles = report.contestants.map(({ title }) => title);
    expect(titles).toEqual([titles[0], `${titles[0]} (2)`]);
    expect(report.contestants.map(({ role }) => role)).toEqual(['candidate', 'peer']);
    expect(report.failures).toEqual([]);
    // Two stores, five operations, two numbers in flight, two sizes; and four requests.
    expect(report.results).toHaveLength(40);
    expect(report.application).toHaveLength(8);
    for (const { perSecond, p50, p99, cpu, rounds } of [...report.results, ...report.application]) {
      expect(rounds).toHaveLength(2);
      expect(perSecond).toBeGreaterThan(0);
      expect(p50).toBeGreaterThan(0);
      expect(p99).toBeGreaterThanOrEqual(p50);
      expect(cpu).toBeGreaterThan(0);
    }
    expect(stdout).toMatch(
      /^\| in flight \| size \| than \| create \| get \| touch \| update \| destroy \|$/m,
    );
    expect(stdout).toMatch(/^\| 8 \| 500 B \| the fastest peer \|( \d+(\.\d+)? \|){5}$/m);
    const plot = await readFile(join(folder, 'plot.svg'), 'utf8');
    expect(plot).toMatch(/^<svg [\s\S]*<\/svg>\n$/);
    // Two stores at five operations, and the whole.
    expect(plot.match(/<title>/g)).toHaveLength(11);
  });

  it.for([
    [
      'update',
      'set(id, data, done) { this.was = this.was ?? new Set(); if (this.was.has(id)) return done(null); this.was.add(id); super.set(id, data, done); }',
    ],
    ['destroy', 'destroy(id, done) { setImmediate(done); }'],
    ['create', 'set(id, data, done) { setImmediate(done); }'],
    ['touch', 'touch(id, data, done) { setImmediate(done, new Error("no")); }'],
    ['twice', 'get(id, done) { super.get(id, done); super.get(id, done); }'],
  ] as const)('takes no figures of a store that does not do what it is told: %s', async ([name, body]) => {
    const { code, stdout } = await bench(await variant(`${name}.js`, body), '--in-flight', '4');
    expect(code).toBe(1);
    expect(stdout).toMatch(/^## Not measured\n\n- \S/m);
  });

  it('says what it did not understand', async () => {
    expect(await bench()).toMatchObject({ code: 2, stderr: expect.stringContaining('name the module') });
    expect(await bench(readmeStore, '--operations', 'gett')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("no 'gett'; there are create, get"),
    });
    expect(await bench(readmeStore, '--in-flight', '0')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--in-flight'),
    });
  });
});

describe('the closed loop', () => {
  it('keeps as many calls in flight as it is told, whether they answer at once or later', async () => {
    let running = 0;
    let most = 0;
    const { count } = await closedLoop(
      8,
      (started) => started < 1000,
      (index, done) => {
        running += 1;
        most = Math.max(most, running);
        const end = () => {
          running -= 1;
          done();
        };
        if (index % 3 === 0) end();
        else setImmediate(end);
      },
    );
    expect(count).toBe(1000);
    expect(most).toBe(8);
  });

  it('does not fill the stack with calls that answer at once', async () => {
    const { count } = await closedLoop(
      2,
      (started) => started < 100_000,
      (_, done) => done(),
    );
    expect(count).toBe(100_000);
  });
});

describe('the report', () => {
  const result = (title: string, rounds: Measurement[]) => ({
    title,
    operation: 'get' as const,
    inFlight: 64,
    size: 500,
    ...mediansOf(rounds),
    rounds,
  });
  const report: BenchmarkReport = {
    startedAt: '2000-01-01T00:00:00.000Z',
    duration: 1,
    machine: { processor: 'one', cores: 2, system: 'some', node: 'v24' },
    plan: { rounds: 3, milliseconds: 1, operations: ['get'], conditions: [{ inFlight: 64, size: 500 }] },
    contestants: [
      { title: 'mine', group: 'g', role: 'candidate' },
      { title: 'slow <peer>', group: 'g', role: 'peer' },
      { title: 'fast peer', group: 'g', role: 'peer' },
      { title: 'driver', group: 'g', role: 'driver' },
    ],
    // The second round was on a machine that was busy with something else.
    results: [
      result('mine', [round(100), round(10), round(120)]),
      result('slow <peer>', [round(50), round(5), round(60)]),
      result('fast peer', [round(200), round(20), round(240)]),
      result('driver', [round(50), round(5), round(60)]),
    ],
    application: [],
    failures: [],
  };

  it('has medians, and ratios of rounds', () => {
    expect(mediansOf([round(1), round(9, { cpu: undefined }), round(2)])).toEqual(round(2));
    expect(ratioOf([round(10), round(100)], [round(5), round(25)])).toBe(3);
  });

  it('compares with the fastest peer and with the driver, and says who is ahead', () => {
    const comparisons = comparisonsOf(report);
    expect(comparisons.map(({ against, other, ratio }) => [against, other, ratio])).toEqual([
      ['peer', 'fast peer', 0.5],
      ['driver', 'driver', 2],
    ]);
    expect(aheadOf(comparisons)).toEqual(['fast peer is ahead of mine in get, 64 in flight, 500 B: 0.50']);
    expect(benchmarkMarkdown(report)).toContain('- fast peer is ahead of mine in get');
  });

  it('is plotted beside the fastest peer, with names as text', () => {
    const plot = benchmarkPlot(report);
    expect(plot).toContain('<title>mine: 0.50</title>');
    expect(plot).toContain('<title>slow &lt;peer>: 0.25</title>');
  });
});

describe('the sessions', () => {
  it.for([500, 2000, 20_480])('of %i bytes have about as many', (size) => {
    const cookie = { originalMaxAge: 600_000, expires: new Date(), httpOnly: true, path: '/' };
    const { length } = JSON.stringify({ cookie, ...sessionData(size, 1) });
    expect(length).toBeGreaterThan(size - 100);
    expect(length).toBeLessThan(size + 100);
  });
});
