import { setTimeout } from 'node:timers/promises';

/** Ms that must really have passed; the caller says why. */
export async function wait(milliseconds: number): Promise<void> {
  const until = performance.now() + milliseconds;
  for (let left = milliseconds; left > 0; left = until - performance.now()) await setTimeout(Math.ceil(left));
}
