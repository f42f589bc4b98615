import { writeFile } from 'node:fs/promises';
import type { Surface } from './command.js';
import { MisuseError } from './misuse-error.js';

/** Writes a report where it was asked for: a file, or `-` for the standard output. Throws a `MisuseError` if it cannot. */
export async function deliver(
  target: string | undefined,
  content: () => string,
  { stdout }: Pick<Surface, 'stdout'>,
): Promise<void> {
  if (target === undefined) return;
  if (target === '-') {
    stdout.write(content());
    return;
  }
  try {
    await writeFile(target, content());
  } catch (error) {
    throw new MisuseError(`${target} cannot be written: ${(error as Error).message}`, { cause: error });
  }
}
