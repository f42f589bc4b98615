import { SessionStoreError } from './errors.js';

const maximumBytes = 1024;

/**
 * Throws `INVALID_ID` unless `id` is a well-formed string of 1 to 1,024 bytes in UTF-8 without U+0000: what all five
 * storages can hold alike.
 */
export function checkId(id: unknown): asserts id is string {
  const problem = problemOf(id);
  if (problem !== undefined) {
    throw new SessionStoreError(
      'INVALID_ID',
      `A session id must be a well-formed string of 1 to 1,024 UTF-8 bytes without U+0000; this one ${problem}`,
    );
  }
}

/** Whether `checkId` lets it pass. */
export function isId(id: unknown): id is string {
  return problemOf(id) === undefined;
}

function problemOf(id: unknown): string | undefined {
  if (typeof id !== 'string') {
    return `is of type ${id === null ? 'null' : Array.isArray(id) ? 'array' : typeof id}`;
  }
  if (id.length === 0) {
    return 'is empty';
  }
  if (id.length > maximumBytes || (id.length > maximumBytes / 3 && Buffer.byteLength(id) > maximumBytes)) {
    return 'is longer';
  }
  if (id.includes('\0')) {
    return 'contains U+0000';
  }
  return id.isWellFormed() ? undefined : 'has a lone surrogate';
}
