import type { Operation } from '../model/operation.js';
import type { Contradiction } from './judge.js';

/** More would not be looked at. */
const most = 6;

/**
 * What of the whole history may have led to the contradiction: what changes sessions and ran in its time or wrote what it
 * found, and what those that did had loaded.
 */
export function suspectsOf(
  { operations, keys }: Contradiction,
  history: readonly Operation[],
): readonly Operation[] {
  const named = new Set(operations.map(({ number }) => number));
  const found = operations.flatMap(({ answer }) =>
    typeof answer === 'string' ? [] : [answer.session ?? {}],
  );
  const from = Math.min(...operations.map(({ called }) => called));
  const looked = operations.filter(({ answer }) => typeof answer !== 'string');
  const last = Math.max(...(looked.length > 0 ? looked : operations).map(({ returned }) => returned));
  const others = history.filter(
    ({ number, action, called }) => !named.has(number) && called < last && action.type !== 'get',
  );
  const wrote = others.filter((operation) =>
    keys.some((key) => found.some((data) => data[key] !== undefined && writes(operation, key, data[key]))),
  );
  const meanwhile = others.filter(({ returned }) => returned > from).reverse();
  const chosen = new Set([...wrote, ...meanwhile].slice(0, most));
  const held = new Set(
    [...chosen, ...operations].flatMap(({ action }) => ('by' in action ? [action.by] : [])),
  );
  const loads = history.filter(
    ({ number, action }) =>
      !named.has(number) && action.type === 'get' && action.as !== undefined && held.has(action.as),
  );
  return [...chosen, ...loads].sort((one, other) => one.called - other.called);
}

function writes({ action }: Operation, key: string, value: string): boolean {
  switch (action.type) {
    case 'save':
      return action.changes.some((changes) => changes[key] === value);
    case 'replace':
      return action.data[key] === value;
    case 'update':
      return action.runs.some(({ found, made }) => made[key] === value && found[key] !== value);
    default:
      return false;
  }
}
