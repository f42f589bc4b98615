import type { Changes, Data } from '../../model/operation.js';

/**
 * The data of a session as a history has it: without its cookie, and without what a store keeps there for itself. What is in a
 * plain object is told key by key, as `notes.k1`, because requests change it key by key too; so an empty one is not told.
 */
export function dataOf(session: object): Data {
  const data: Record<string, string> = {};
  for (const [key, value] of Object.entries(session)) {
    if (key !== 'cookie' && !key.startsWith('__')) tell(key, value, data);
  }
  return data;
}

function tell(key: string, value: unknown, data: Record<string, string>): void {
  if (isPlainObject(value)) {
    for (const [part, partValue] of Object.entries(value)) tell(`${key}.${part}`, partValue, data);
    return;
  }
  const text = JSON.stringify(value);
  // What JSON cannot tell is not stored.
  if (text !== undefined) data[key] = text;
}

function isPlainObject(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** What was changed to make the one into the other. */
export function changesBetween(before: Data, after: Data): Changes {
  const changes: Record<string, string | null> = {};
  for (const [key, value] of Object.entries(after)) if (before[key] !== value) changes[key] = value;
  for (const key of Object.keys(before)) if (!Object.hasOwn(after, key)) changes[key] = null;
  return changes;
}
