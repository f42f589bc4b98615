import type { Changes, Data } from '../../model/operation.js';

/** The data of a session as a history has it: without its cookie, and without what a store keeps there for itself. */
export function dataOf(session: object): Data {
  const data: Record<string, string> = {};
  for (const [key, value] of Object.entries(session)) {
    if (key === 'cookie' || key.startsWith('__')) continue;
    const text = JSON.stringify(value);
    // What JSON cannot tell is not stored.
    if (text !== undefined) data[key] = text;
  }
  return data;
}

/** What was changed to make the one into the other. */
export function changesBetween(before: Data, after: Data): Changes {
  const changes: Record<string, string | null> = {};
  for (const [key, value] of Object.entries(after)) if (before[key] !== value) changes[key] = value;
  for (const key of Object.keys(before)) if (!Object.hasOwn(after, key)) changes[key] = null;
  return changes;
}
