import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, extname, isAbsolute, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Subject, subjectFrom } from '../suite/subject.js';
import { MisuseError } from './misuse-error.js';

const whatToExport = `Export by default a function that makes a store:
  export default () => new MyStore();
or a subject:
  export default { name: 'my store', create: (surroundings) => new MyStore({ prefix: surroundings.namespace }) };`;

/**
 * The subject that a module exports, after one store of it has been made to see that it is one. Throws a `MisuseError` that
 * says what to export.
 */
export async function loadSubject(module: string, directory: string): Promise<Subject> {
  const exported = await exportOf(module, directory);
  const subject = asSubject(module, exported);
  await tryOut(module, subject);
  return subject;
}

async function exportOf(module: string, directory: string): Promise<unknown> {
  const location = locate(module, directory);
  let loaded: { default?: unknown };
  try {
    loaded = await import(location);
  } catch (error) {
    throw new MisuseError(`${module} cannot be loaded: ${whyNotLoaded(error, location)}`, { cause: error });
  }
  if (!('default' in loaded)) {
    const names = Object.keys(loaded);
    const instead = names.length === 0 ? 'it exports nothing' : `it exports ${names.join(', ')}`;
    throw new MisuseError(`${module} has no default export; ${instead}.\n${whatToExport}`);
  }
  return compiledDefault(loaded.default) ?? loaded.default;
}

/** What a compiler made of `export default` in a CommonJS module. */
function compiledDefault(exported: unknown): unknown {
  const { __esModule, default: inner } = Object(exported) as { __esModule?: unknown; default?: unknown };
  return __esModule === true ? inner : undefined;
}

/** The URL of what `import` in a file of this directory would load; of a bare name that is a file here, that file. */
export function locate(module: string, directory: string): string {
  if (module.startsWith('file:')) return module;
  const path = resolve(directory, module);
  const require = createRequire(join(directory, 'session-stores-check.js'));
  const isPath = /^\.{0,2}[/\\]/.test(module) || isAbsolute(module);
  try {
    // The path of the file as it is written, because `require` would also take a folder or leave out the extension.
    return pathToFileURL(isPath && extname(path) !== '' ? path : require.resolve(isPath ? path : module))
      .href;
  } catch (error) {
    // A package may export for `import` only, which `require.resolve` does not find; a file may be named without `./`.
    if ((error as NodeJS.ErrnoException).code === 'ERR_PACKAGE_PATH_NOT_EXPORTED') return module;
    return pathToFileURL(path).href;
  }
}

function whyNotLoaded(error: unknown, location: string): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ERR_UNKNOWN_FILE_EXTENSION' && /\.m?ts$/.test(location)) {
    return `Node ${process.version} does not run TypeScript; use Node 22.18 or later, or compile it first`;
  }
  if (code === 'ERR_MODULE_NOT_FOUND' && location.startsWith('file:') && !existsSync(new URL(location))) {
    return 'there is no such file or package; a path begins with ./ or /';
  }
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

function asSubject(module: string, exported: unknown): Subject {
  if (isClass(exported)) {
    throw new MisuseError(
      `${module} exports the class ${exported.name}, which needs to be made with \`new\`.\n${whatToExport}`,
    );
  }
  try {
    // The name of an anonymous default export is 'default', which would tell nobody which store it is.
    const isAnonymous = typeof exported === 'function' && ['', 'default'].includes(exported.name);
    return isAnonymous
      ? subjectFrom({ name: basename(module), create: exported })
      : subjectFrom(exported, basename(module));
  } catch (error) {
    throw new MisuseError(`${module}: ${(error as Error).message}.\n${whatToExport}`, { cause: error });
  }
}

function isClass(exported: unknown): exported is { name: string } {
  return typeof exported === 'function' && /^class\b/.test(Function.prototype.toString.call(exported));
}

/** Makes one store, so that a mistake in the module is one message and not the failure of every check. */
async function tryOut(module: string, subject: Subject): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'session-stores-check-'));
  try {
    const surroundings = { namespace: 'suite_first_try', directory, address: subject.supports?.network };
    const store: unknown = await create(module, subject, surroundings);
    const problem = notAStore(store);
    if (problem !== undefined) throw new MisuseError(`${module}: ${problem}.\n${whatToExport}`);
    await close(subject, store as Parameters<NonNullable<Subject['close']>>[0]);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function create(
  module: string,
  subject: Subject,
  surroundings: Parameters<Subject['create']>[0],
): Promise<unknown> {
  try {
    return await subject.create(surroundings);
  } catch (error) {
    const why = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    throw new MisuseError(`${module} could not make a store: ${why}\n${whatToExport}`, { cause: error });
  }
}

/** Whether closing works is for the checks to find out. */
async function close(
  subject: Subject,
  store: Parameters<NonNullable<Subject['close']>>[0] & { close?: unknown },
): Promise<void> {
  try {
    if (subject.close !== undefined) await subject.close(store);
    else if (typeof store.close === 'function') await store.close();
  } catch {}
}

function notAStore(store: unknown): string | undefined {
  if (typeof store === 'function') return 'what it makes is a function or class, not a store';
  if (typeof store !== 'object' || store === null) return `what it makes is ${store}, not a store`;
  const missing = ['get', 'set', 'destroy'].filter(
    (method) => typeof (store as Record<string, unknown>)[method] !== 'function',
  );
  return missing.length === 0
    ? undefined
    : `what it makes has no method ${missing.join(', ')}; every store for express-session has get, set and destroy`;
}
