import { InvalidOptionError } from './errors.js';

/** Throws `InvalidOptionError` if `options` is no object or has a name that is not known. */
export function checkNames(owner: string, options: unknown, known: readonly string[]): void {
  if (!isObject(options)) {
    throw new InvalidOptionError(`${owner}: pass an object with options; known are ${known.join(', ')}`);
  }
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) {
      throw new InvalidOptionError(`${owner}: unknown option '${name}'; known are ${known.join(', ')}`);
    }
  }
}

/** `value`, or `whenAbsent` for `undefined`. Throws `InvalidOptionError` if it is no number within the limits. */
export function numberOf(
  storeName: string,
  name: string,
  value: unknown,
  whenAbsent: number,
  least: number,
  most: number,
): number {
  if (value === undefined) {
    return whenAbsent;
  }
  if (typeof value !== 'number' || !(value >= least && value <= most)) {
    throw invalid(storeName, name, `a number from ${least} to ${most}`);
  }
  return value;
}

/** `value`, or `false` for `undefined`. Throws `InvalidOptionError`. */
export function flagOf(storeName: string, name: string, value: unknown): boolean {
  if (value !== undefined && typeof value !== 'boolean') {
    throw invalid(storeName, name, 'true or false');
  }
  return value === true;
}

export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function invalid(storeName: string, name: string, allowed: string): InvalidOptionError {
  return new InvalidOptionError(`${storeName}: option '${name}' must be ${allowed}`);
}
