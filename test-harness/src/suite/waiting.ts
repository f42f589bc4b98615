import { setTimeout as delay } from 'node:timers/promises';
import { CheckFailure } from './check.js';

/**
 * Resolves when `holds` does, asked again every few ms: for what a store does without telling anybody when, as after a
 * `destroy` without a callback.
 */
export async function until(
  did: string,
  expected: string,
  holds: () => Promise<boolean>,
  limit = 10_000,
): Promise<void> {
  const end = performance.now() + limit;
  while (!(await holds())) {
    if (performance.now() > end) throw new CheckFailure(did, `${expected} within ${limit} ms`, 'not so');
    await delay(10);
  }
}

/** Resolves when the clock shows more than `time` (epoch ms): for what is about time itself. */
export async function clockPast(time: number): Promise<void> {
  // A timer may fire up to a millisecond early.
  while (Date.now() <= time) await delay(Math.max(1, time - Date.now()));
}

/**
 * Resolves when a session with this `cookie.expires` is over, also in a storage that counts its lifetime from when it
 * hears of it. How exactly it ends is the matter of one check, `expiry/to-the-millisecond`.
 */
export function ended(expires: unknown): Promise<void> {
  return clockPast(new Date(expires as string | Date).getTime() + 300);
}

/** Whether a call answers within so many ms, however it answers. */
export async function answersWithin(call: Promise<unknown>, limit: number): Promise<boolean> {
  const late = Promise.withResolvers<boolean>();
  const timer = setTimeout(late.resolve, limit, false);
  const answers = call.then(
    () => true,
    () => true,
  );
  return Promise.race([answers, late.promise]).finally(() => clearTimeout(timer));
}
