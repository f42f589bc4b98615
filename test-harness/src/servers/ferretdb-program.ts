import { execFile } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { copyPatched, patches } from './ferretdb-patches.js';
import { findProgram } from './find-program.js';

const run = promisify(execFile);
const sources = fileURLToPath(new URL('../../ferretdb/', import.meta.url));
const sourceFiles = ['main.go', 'go.mod', 'go.sum'] as const;
const ferret = 'github.com/FerretDB/FerretDB';
/** A first build downloads some sixty modules and compiles them; one that takes longer than this hangs. */
const buildLimit = 15 * 60_000;

/** The Go command, which builds FerretDB: on PATH, or where its installer puts it. */
export function findGo(): string | undefined {
  return findProgram('go', '/usr/local/go/bin/go');
}

/**
 * The path of FerretDB, which this compiles where no run has done so before: once for each state of its sources and
 * each version of Go, kept in the user's cache. Rejects with what Go said where it cannot be built.
 */
export async function buildFerret(): Promise<string> {
  const go = findGo();
  if (go === undefined) throw new Error('no go on PATH: FerretDB is compiled by Go 1.24 or later');
  const program = join(cacheFolder(), `ferretdb-${await fingerprint(go)}`);
  if (findProgram(program) === undefined) await build(go, program);
  return program;
}

async function build(go: string, program: string): Promise<void> {
  // Not on stdout, which belongs to whoever prints addresses there.
  console.error('Compiling FerretDB, once on this machine; the first time takes a minute or two');
  await mkdir(cacheFolder(), { recursive: true });
  // Somebody else may be building it too: whoever is last replaces the other's by the same.
  const unfinished = `${program}.${randomUUID()}`;
  const folder = await mkdtemp(join(tmpdir(), 'session-stores-ferretdb-'));
  try {
    await prepare(go, folder);
    const args = ['build', '-trimpath', '-buildvcs=false', '-ldflags=-s -w', '-o', unfinished, '.'];
    await run(go, args, { cwd: folder, timeout: buildLimit });
    await rename(unfinished, program);
  } catch (error) {
    throw failure(go, error);
  } finally {
    await rm(unfinished, { force: true });
    await rm(folder, { recursive: true });
  }
}

/** Lays out what is to be compiled: our program, and FerretDB as we patch it. */
async function prepare(go: string, folder: string): Promise<void> {
  for (const file of sourceFiles) await copyFile(join(sources, file), join(folder, file));
  const { stdout } = await run(go, ['mod', 'download', '-json', ferret], {
    cwd: folder,
    timeout: buildLimit,
  });
  await copyPatched((JSON.parse(stdout) as { Dir: string }).Dir, join(folder, 'patched'));
  await run(go, ['mod', 'edit', `-replace=${ferret}=./patched`], { cwd: folder });
}

async function fingerprint(go: string): Promise<string> {
  const hash = createHash('sha256');
  const compiler = run(go, ['env', 'GOVERSION', 'GOOS', 'GOARCH'], { cwd: sources }).catch((error) => {
    throw failure(go, error);
  });
  hash.update((await compiler).stdout);
  for (const file of sourceFiles) hash.update(await readFile(join(sources, file)));
  hash.update(JSON.stringify(patches));
  return hash.digest('hex').slice(0, 16);
}

function failure(go: string, error: unknown): Error {
  const { stderr, message } = error as { stderr?: string; message: string };
  const said = stderr?.trim() || message;
  return new Error(`FerretDB, which takes Go 1.24 or later, cannot be compiled by ${go}:\n${said}`, {
    cause: error,
  });
}

function cacheFolder(): string {
  const caches =
    process.env.XDG_CACHE_HOME ??
    join(homedir(), process.platform === 'darwin' ? 'Library/Caches' : '.cache');
  return join(caches, 'session-stores');
}
