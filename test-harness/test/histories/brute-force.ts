import { markHiding, withoutLateEnds } from '../../src/histories/simplify.js';
import type { Operation } from '../../src/model/operation.js';
import { initial, type State, step } from '../../src/model/session-model.js';

/**
 * Whether some order explains a history, by trying every one: slow, and with nothing in it that could be wrong. Operations
 * without an answer may be left out.
 */
export function someOrderExplains(history: readonly Operation[]): boolean {
  const operations = withoutLateEnds(markHiding(history));
  return orders(operations).some((order) => keepsTime(order) && keepsModel(order));
}

function orders(operations: readonly Operation[]): Operation[][] {
  const beginning = operations.flatMap((first) =>
    orders(operations.filter((other) => other !== first)).map((rest) => [first, ...rest]),
  );
  const mayEnd = operations.every(({ answer }) => answer === 'unknown');
  return mayEnd ? [[], ...beginning] : beginning;
}

/** Nothing comes before what had ended when it was called. */
function keepsTime(order: readonly Operation[]): boolean {
  return order.every((one, index) => order.slice(index + 1).every((later) => later.returned >= one.called));
}

function keepsModel(order: readonly Operation[]): boolean {
  const states = order.reduce<readonly State[]>(
    (before, operation) => before.flatMap((state) => step(state, operation)),
    [initial],
  );
  return states.length > 0;
}
