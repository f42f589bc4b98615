import type { Operation } from '../model/operation.js';
import { inBackgroundOf } from './background.js';
import { search } from './search.js';
import { withoutIdleHandles } from './simplify.js';

/**
 * Cuts a history that no order explains down to the few operations that contradict each other: with any of them less, there
 * would be an order. What is cut away is not taken for something that did not happen, which could make a contradiction
 * where there is none, but for something that may have happened any number of times. After `maxSteps` steps it takes what it
 * has: a contradiction all the same, with more operations than it needs.
 */
export function cutDown(
  operations: readonly Operation[],
  stuckAt: number,
  maxSteps: number,
): readonly Operation[] {
  const all = until(operations, stuckAt);
  let left = maxSteps;
  const contradict = (chosen: readonly Operation[]): boolean => {
    const background = backgroundOf(all, chosen);
    const kept = withoutIdleHandles(chosen);
    const question = { operations: kept, background, inBackground: inBackgroundOf(kept) };
    const { verdict, steps } = search(question, Math.min(left, Math.ceil(maxSteps / 10)));
    left -= steps;
    return verdict === 'wrong';
  };
  // It is the latest ones that fit nothing any more; how far they go back is tried.
  for (let count = 1; count < all.length * 2; count *= 2) {
    const latest = all.slice(-count);
    if (contradict(latest)) return fewest(latest, contradict);
  }
  return operations;
}

/** What was called until then; of what was not answered until then, nobody knows the answer. */
function until(operations: readonly Operation[], time: number): Operation[] {
  return operations
    .filter(({ called }) => called <= time)
    .map((operation) =>
      operation.returned > time
        ? { ...operation, answer: 'unknown', returned: Number.POSITIVE_INFINITY }
        : operation,
    );
}

/** Drops parts, large ones first, as long as what is left still has the property (delta debugging). */
function fewest(
  operations: readonly Operation[],
  holds: (kept: readonly Operation[]) => boolean,
): readonly Operation[] {
  let kept = operations;
  let size = Math.ceil(kept.length / 2);
  while (kept.length > 0) {
    const before = kept.length;
    for (let start = kept.length - size; start > -size; start -= size) {
      const rest = kept.filter((_, index) => index < start || index >= start + size);
      if (rest.length < kept.length && holds(rest)) kept = rest;
    }
    if (size === 1 && kept.length === before) return kept;
    size = Math.max(1, Math.floor(size / 2));
  }
  return kept;
}

/** What is not kept, as far as it can change anything that the kept operations find. */
function backgroundOf(all: readonly Operation[], kept: readonly Operation[]): Operation[] {
  const isKept = new Set(kept);
  const saving = new Set(kept.flatMap(({ action }) => ('by' in action ? [action.by] : [])));
  return all.filter((operation) => {
    const { action } = operation;
    if (isKept.has(operation)) return false;
    return action.type !== 'get' || (action.as !== undefined && saving.has(action.as));
  });
}
