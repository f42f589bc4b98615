import { setTimeout as pause } from 'node:timers/promises';

/** Ms between two looks at a server that does not announce what is waited for. */
const interval = 25;

/**
 * Resolves when `problem` resolves to nothing; rejects with what it said last when that takes more than `limit` ms. A
 * `problem` that rejects counts as one.
 */
export async function until(problem: () => Promise<string | undefined>, limit: number): Promise<void> {
  const deadline = Date.now() + limit;
  for (;;) {
    const found = await problem().catch((error: unknown) => String(error));
    if (found === undefined) return;
    if (Date.now() > deadline) throw new Error(`after ${limit} ms still: ${found}`);
    await pause(interval);
  }
}
