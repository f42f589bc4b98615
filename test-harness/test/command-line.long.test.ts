import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { areas } from '../src/suite/check.js';

const command = fileURLToPath(new URL('../dist/command-line/main.js', import.meta.url));
const examples = new URL('../examples/', import.meta.url);
const readmeStore = fileURLToPath(new URL('readme-store.js', examples));

interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'command-line-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function sessionStores(...args: string[]): Promise<Run> {
  return new Promise((resolve) => {
    execFile(process.execPath, [command, ...args], { cwd: folder }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

async function module(name: string, source: string): Promise<string> {
  await writeFile(join(folder, name), source);
  return `./${name}`;
}

/** A module whose store is that of the README but for what `body` overrides. */
function variant(name: string, body: string): Promise<string> {
  const from = JSON.stringify(new URL('readme-store.js', examples).href);
  return module(
    name,
    `import { MapStore } from ${from};\nclass Variant extends MapStore { ${body} }\nexport default () => new Variant();\n`,
  );
}

interface JsonReport {
  subject: string;
  mustPass: string[];
  summary: Record<string, number>;
  checks: { id: string; area: string; level: string; outcome: string; reason?: string }[];
}

describe('session-stores', { timeout: 120_000 }, () => {
  it('shows its help, also without any argument, and its version', async () => {
    for (const args of [['--help'], ['-h'], [], ['help'], ['check', '--help']]) {
      const { code, stdout, stderr } = await sessionStores(...args);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toContain('session-stores check <module>');
      for (const area of areas) expect(stdout).toContain(area);
    }
    const { version } = JSON.parse(
      await readFile(fileURLToPath(new URL('../package.json', import.meta.url)), 'utf8'),
    );
    expect(await sessionStores('--version')).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  });

  it('passes a store that does what express-session documents, with a line a check and a matrix', async () => {
    const { code, stdout, stderr } = await sessionStores('check', readmeStore, '--area', 'destroy,isolation');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^✓ destroy\/\S+ \S/m);
    expect(stdout).toMatch(/^area +passed +failed +not applicable$/m);
    expect(stdout).toMatch(/^destroy +\d+ +0 +\d+$/m);
    expect(stdout).toMatch(/^isolation +\d+ +0 +\d+$/m);
    expect(stdout).toMatch(/^Passed at the level required/m);
    expect(stdout).not.toContain('\u001b');
  });

  it('exits with 1 where a required check fails, and says what was done, expected and came', async () => {
    const path = await variant(
      'no-data.js',
      'set(sid, { cookie }, callback) { super.set(sid, { cookie }, callback); }',
    );
    const { code, stdout } = await sessionStores('check', path, '--area=data');
    expect(code).toBe(1);
    expect(stdout).toMatch(/^✗ data\/\S+ \(required\)$/m);
    expect(stdout).toMatch(/^ +Did: /m);
    expect(stdout).toMatch(/^ +Expected: /m);
    expect(stdout).toMatch(/^ +Came: /m);
    expect(stdout).toMatch(/^Failed: \d+ checks? of the level required/m);
  });

  it('lets --level decide which checks run and which of them may not fail', async () => {
    const run = async (...args: string[]) => {
      const { code, stdout } = await sessionStores(
        'check',
        readmeStore,
        '--area',
        'data',
        '--json',
        '-',
        ...args,
      );
      return { code, report: JSON.parse(stdout) as JsonReport };
    };
    const all = await run();
    expect(all.code).toBe(0);
    expect(all.report.summary.failed).toBeGreaterThan(0);
    const required = await run('--level', 'required');
    expect(required.code).toBe(0);
    expect(new Set(required.report.checks.map(({ level }) => level))).toEqual(new Set(['required']));
    const both = await run('--level', 'required', '--level', 'promise');
    expect(both.code).toBe(1);
    expect(both.report.checks).toHaveLength(all.report.checks.length);
    expect(both.report.summary.failedThatMustPass).toBe(all.report.summary.failed);
  });

  it('writes JSON and JUnit XML into files', async () => {
    const { code } = await sessionStores(
      'check',
      readmeStore,
      '--area',
      'ids',
      '--json',
      'r.json',
      '--junit',
      'r.xml',
    );
    expect(code).toBe(0);
    const report: JsonReport = JSON.parse(await readFile(join(folder, 'r.json'), 'utf8'));
    expect(report.subject).toBe('readme-store.js');
    const xml = await readFile(join(folder, 'r.xml'), 'utf8');
    expect(xml.match(/<testcase /g)).toHaveLength(report.checks.length);
    expect(xml.match(/<failure /g)).toHaveLength(report.summary.failed ?? 0);
  });

  it('keeps the standard output for JSON alone, and reports on standard error meanwhile', async () => {
    const { stdout, stderr } = await sessionStores('check', readmeStore, '--area', 'isolation', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ format: 1, interrupted: false });
    expect(stderr).toMatch(/^area +passed/m);
  });

  it('ends although the store leaves a timer and a connection behind', async () => {
    const path = await variant('leaky.js', 'timer = setInterval(() => {}, 1000);');
    expect((await sessionStores('check', path, '--area', 'isolation')).code).toBe(0);
  });

  it('takes CommonJS, also as compilers make it of a default export', async () => {
    const store = `{
      all: {},
      on() {},
      get(id, done) { setImmediate(done, null, this.all[id]); },
      set(id, session, done) { this.all[id] = JSON.parse(JSON.stringify(session)); setImmediate(done, null); },
      destroy(id, done) { delete this.all[id]; setImmediate(done, null); },
    }`;
    for (const [name, source] of [
      ['plain.cjs', `module.exports = () => (${store});`],
      [
        'compiled.cjs',
        `Object.defineProperty(exports, '__esModule', { value: true }); exports.default = () => (${store});`,
      ],
    ] as const) {
      const { stdout } = await sessionStores('check', await module(name, source), '--area', 'isolation');
      expect(stdout).toContain(`${name} against`);
    }
  });

  it('takes a subject, a module by its file URL and TypeScript', async () => {
    const href = new URL('folder-store.ts', examples).href;
    const { code, stdout } = await sessionStores(
      'check',
      href,
      '--area',
      'isolation',
      '--level',
      'required,promise',
    );
    expect(stdout).toMatch(/^FolderStore$/m);
    expect(code).toBe(0);
  });
});

describe('misuse exits with 2 and says what to do', { timeout: 60_000 }, () => {
  const cases: [string, string, RegExp][] = [
    [
      'no default export',
      'export const store = 1;',
      /no default export; it exports store\.[\s\S]*export default \(\) =>/,
    ],
    ['nothing exported', 'export {};', /no default export; it exports nothing/],
    ['nothing exported, as CommonJS', 'module.exports = {};', /`create`/],
    ['a number', 'export default 42;', /function that makes a store[\s\S]*export default/],
    ['null', 'export default null;', /export default \(\) =>/],
    ['an object without create', 'export default { name: "x" };', /`create`[\s\S]*export default/],
    ['a class', 'export default class Mine { }', /exports the class Mine, which needs to be made with `new`/],
    ['makes nothing', 'export default () => undefined;', /what it makes is undefined, not a store/],
    ['makes a class', 'export default () => class {};', /is a function or class, not a store/],
    ['makes half a store', 'export default () => ({ get() {} });', /no method set, destroy/],
    [
      'throws',
      'export default () => { throw new Error("no server"); };',
      /could not make a store: Error: no server/,
    ],
    ['rejects', 'export default async () => { throw new Error("no server"); };', /could not make a store/],
    ['a syntax error', 'export default (', /cannot be loaded: SyntaxError/],
    ['throws while it loads', 'throw new TypeError("boom");', /cannot be loaded: TypeError: boom/],
    [
      'a missing dependency',
      'import "not-installed-anywhere";',
      /cannot be loaded: .*not-installed-anywhere/,
    ],
  ];
  it.each(cases)('a module with %s', async (name, source, message) => {
    const path = await module(`${name.replaceAll(' ', '-')}.js`, source);
    const { code, stdout, stderr } = await sessionStores('check', path);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/^ +at /m);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });

  const lines: [string, string[], RegExp][] = [
    ['--seed without --histories', ['check', './x.js', '--seed', '1'], /--seed goes with --histories/],
    ['--area with it', ['check', '--histories', './x.js', '--area', 'ids'], /--area does not go with --hist/],
    ['no time', ['check', '--histories', './x.js', '--seconds', '0'], /--seconds: '0' is no whole number/],
    ['no such store', ['check', '--histories', './x.js'], /x\.js cannot be loaded: there is no such file/],
    ['an unknown command', ['chekc', readmeStore], /no command 'chekc'/],
    ['no module', ['check'], /name the module/],
    ['two modules', ['check', 'a.js', 'b.js'], /'b\.js' is too much/],
    ['a file that is not there', ['check', './nowhere.js'], /no such file or package/],
    ['a package that is not there', ['check', 'not-installed-anywhere'], /no such file or package/],
    [
      'an unknown area',
      ['check', readmeStore, '--area', 'nowhere'],
      /no 'nowhere'; there are interface, destroy/,
    ],
    ['an unknown level', ['check', readmeStore, '--level', 'gold'], /no 'gold'; there are required, promise/],
    ['an unknown option', ['check', readmeStore, '--areas', 'ids'], /--areas/],
    ['two reports on one output', ['check', readmeStore, '--json', '-', '--junit', '-'], /only one of/],
    [
      'a report that cannot be written',
      ['check', readmeStore, '--area', 'isolation', '--json', './nowhere/r.json'],
      /cannot be written/,
    ],
  ];
  it.each(lines)('%s', async (_, args, message) => {
    const { code, stderr } = await sessionStores(...args);
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
  });
});
