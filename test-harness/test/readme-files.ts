import { mkdir, mkdtemp, readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

export interface Example {
  readonly name: string;
  readonly code: string;
  readonly extension: 'mjs' | 'mts';
}

/** The README files of the repository and of every package. */
async function readmes(): Promise<string[]> {
  const packages = await readdir(join(root, 'packages'));
  const folders = ['', 'test-harness', ...packages.map((name) => join('packages', name))];
  return folders.map((folder) => join(root, folder, 'README.md'));
}

export async function readmeExamples(): Promise<Example[]> {
  const found: Example[] = [];
  for (const file of await readmes()) {
    const text = await readFile(file, 'utf8').catch(() => '');
    const name = relative(root, file);
    for (const [index, [, language, code]] of [...text.matchAll(/^```(js|ts)\n(.*?)^```/gms)].entries()) {
      found.push({
        name: `${name}, example ${index + 1}`,
        code: code ?? '',
        extension: language === 'ts' ? 'mts' : 'mjs',
      });
    }
  }
  return found;
}

/** A new folder inside this package, where everything that an example imports is installed. */
export async function folderForExamples(): Promise<string> {
  const cache = join(root, 'test-harness', '.cache');
  await mkdir(cache, { recursive: true });
  return mkdtemp(join(cache, 'readme-'));
}
