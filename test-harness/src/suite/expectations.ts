import { inspect, isDeepStrictEqual } from 'node:util';
import { CheckFailure } from './check.js';

/** Fails the check unless both are deeply and strictly equal. */
export function expectEqual(did: string, came: unknown, expected: unknown): void {
  if (!isDeepStrictEqual(came, expected)) throw new CheckFailure(did, shown(expected), shown(came));
}

/** Fails the check unless `condition` holds; `came` is what is shown then. */
export function expectThat(
  condition: boolean,
  did: string,
  expected: string,
  came: unknown,
): asserts condition {
  if (!condition) throw new CheckFailure(did, expected, shown(came));
}

/** A value on a few lines at most. */
export function shown(value: unknown): string {
  if (value instanceof Error) {
    const { code } = value as Error & { code?: unknown };
    return `${value.name}: ${value.message}${code === undefined ? '' : ` (code ${code})`}`;
  }
  return inspect(value, { depth: 4, maxArrayLength: 8, maxStringLength: 200, breakLength: 100 });
}
