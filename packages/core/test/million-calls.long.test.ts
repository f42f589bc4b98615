import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { MillionCalls } from './million-calls.js';

const run = promisify(execFile);
const program = fileURLToPath(new URL('million-calls.ts', import.meta.url));
/** MB of heap that the process may have: the default of a machine with 2 GB, and far less than a million waiting calls need. */
const heapLimit = 1024;
/** Bytes for each call that waits, measured: 4,300 for a get to 7,000 for a destroy that is retried. */
const waitingCall = 8_000;

describe('a million calls of a store whose storage never answers', { timeout: 180_000 }, () => {
  it.each([
    ['get', '', { OVERLOADED: 980_000, TIMEOUT: 20_000 }],
    ['set', 'retrying', { OVERLOADED: 980_000 }],
    // Of those that are refused 10,000 go on in the background, and there is no room for those that fail later.
    ['destroy', 'retrying', { OVERLOADED: 10_000, DELETIONS_FULL: 990_000 }],
  ])(
    '%s, %s: 20,000 wait, each is answered once, and memory stays bounded',
    async (method, how, expected) => {
      const { stdout } = await run(process.execPath, [
        '--expose-gc',
        `--max-old-space-size=${heapLimit}`,
        program,
        method,
        how,
      ]);
      const { codes, notOnce, waiting, left } = JSON.parse(stdout) as MillionCalls;
      console.log(method, how, stdout);
      expect(codes).toMatchObject(expected);
      expect(codes).not.toHaveProperty('success');
      expect(notOnce).toBe(0);
      expect(waiting).toBeLessThan(20_000 * waitingCall);
      // What this process remembers of lives and given-up destroys, each bounded.
      expect(left).toBeLessThan(20_000_000);
    },
  );
});
