import { execFile } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const run = promisify(execFile);
const root = join(import.meta.dirname, '..', '..');
const program = (name: string) => join(root, 'node_modules', '.bin', name);

interface Manifest {
  readonly name: string;
  readonly private?: boolean;
  readonly dependencies?: Record<string, string>;
  readonly devDependencies?: Record<string, string>;
}

const manifestOf = async (folder: string): Promise<Manifest> =>
  JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));

const folders = [
  ...(await readdir(join(root, 'packages'))).map((name) => join(root, 'packages', name)),
  join(root, 'test-harness'),
];
const published = (
  await Promise.all(folders.map(async (folder) => ({ folder, manifest: await manifestOf(folder) })))
).filter(({ manifest }) => manifest.private !== true);
const names = published.map(({ manifest }) => manifest.name);

describe('the packed packages in a project outside the workspace', { timeout: 120_000 }, () => {
  let consumer: string;

  beforeAll(async () => {
    consumer = await mkdtemp(join(tmpdir(), 'session-stores-consumer-'));
    await cp(join(import.meta.dirname, 'consumer'), consumer, { recursive: true });
    const tarballs: Record<string, string> = {};
    for (const { folder, manifest } of published) {
      const { stdout } = await run(program('pnpm'), ['pack', '--json', '--pack-destination', consumer], {
        cwd: folder,
      });
      tarballs[manifest.name] = `file:${JSON.parse(stdout).filename}`;
    }
    const versions = await versionsInUse([
      'express-session',
      'ioredis',
      'redis',
      'mongodb',
      'better-sqlite3',
      'pg',
      '@types/pg',
      '@types/node',
      '@types/express-session',
    ]);
    await writeFile(
      join(consumer, 'package.json'),
      JSON.stringify({
        name: 'consumer',
        private: true,
        type: 'module',
        dependencies: { ...tarballs, ...versions },
      }),
    );
    // The packages depend on each other by versions that no registry has yet. Nothing is hoisted, so that a dependency
    // that a package does not declare is missed.
    const overrides = Object.entries(tarballs).map(([name, file]) => `  '${name}': '${file}'\n`);
    await writeFile(join(consumer, 'pnpm-workspace.yaml'), `hoist: false\noverrides:\n${overrides.join('')}`);
    await run(program('pnpm'), ['install', '--prefer-offline', '--ignore-scripts'], { cwd: consumer });
  }, 180_000);

  afterAll(async () => {
    await rm(consumer, { recursive: true, force: true });
  });

  it('compile in an application', async () => {
    const compiler = run(program('tsc'), ['--project', consumer], { cwd: consumer });
    await expect(compiler.catch(({ stdout }) => Promise.reject(new Error(stdout)))).resolves.toBeDefined();
  });

  it.for(names)('%s is imported and required as one and the same module', async (name) => {
    const script = `
      import { createRequire } from 'node:module';
      const imported = await import('${name}');
      const required = createRequire(import.meta.url)('${name}');
      console.log(Object.keys(imported).length, Object.keys(imported).every((key) => imported[key] === required[key]));`;
    const { stdout, stderr } = await run(process.execPath, ['--input-type=module', '--eval', script], {
      cwd: consumer,
    });
    expect(stdout.trim()).toMatch(/^[1-9]\d* true$/);
    expect(stderr).toBe('');
  });

  it.for(names)('%s is packed with its licence, README, types and sources, and no tests', async (name) => {
    const folder = join(consumer, 'node_modules', name);
    const files = await readdir(folder, { recursive: true });
    expect(files).toEqual(
      expect.arrayContaining(['LICENSE', 'README.md', 'dist/index.d.ts', 'src/index.ts']),
    );
    expect(files.filter((file) => /\.test\.|tsbuildinfo|(^|\/)test\//.test(file))).toEqual([]);
  });

  it('test-harness is packed with the sources of FerretDB', async () => {
    const folder = join(consumer, 'node_modules', '@session-stores', 'test-harness', 'ferretdb');
    expect((await readdir(folder)).sort()).toEqual(['go.mod', 'go.sum', 'main.go']);
  });

  it('the types of redis need neither of the clients that it takes', async () => {
    const folder = join(consumer, 'node_modules', '@session-stores', 'redis', 'dist');
    const files = (await readdir(folder)).filter((file) => file.endsWith('.d.ts'));
    expect(files).toContain('redis-client.d.ts');
    for (const file of files) {
      expect(await readFile(join(folder, file), 'utf8'), file).not.toMatch(
        /(from|import\() ?['"](ioredis|redis|@redis\/client)['"]/,
      );
    }
  });

  it.for(names)('%s says which versions of the others it needs', async (name) => {
    const manifest = await manifestOf(join(consumer, 'node_modules', name));
    for (const range of Object.values(manifest.dependencies ?? {})) expect(range).not.toContain('workspace:');
  });
});

/** As the workspace has them, so that the packages are tested with the versions they are developed with. */
async function versionsInUse(wanted: readonly string[]): Promise<Record<string, string>> {
  const manifests = await Promise.all([root, ...folders].map(manifestOf));
  const all = Object.assign(
    {},
    ...manifests.map(({ dependencies, devDependencies }) => ({ ...dependencies, ...devDependencies })),
  );
  return Object.fromEntries(wanted.map((name) => [name, all[name]]));
}
