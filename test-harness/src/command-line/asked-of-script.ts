/**
 * What a script of this repository was asked for. Where `read` throws, the process ends with a line that says why, and exit code 2.
 *
 * @param more Where it stands what the script takes.
 */
export function askedOfScript<Asked>(more: string, read: () => Asked): Asked {
  try {
    return read();
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${more}`);
    process.exit(2);
  }
}
