// Where a caller in JavaScript has mistyped an option, less is checked than was meant, and that passes. So it is refused.

/** Throws a `TypeError` where `given` is no object, or has a member that is none of `known`. */
export function checkMembers(what: string, given: unknown, known: Readonly<Record<string, true>>): void {
  if (typeof given !== 'object' || given === null) {
    throw new TypeError(`${what} has to be an object; got ${given === null ? 'null' : typeof given}`);
  }
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(known, name));
  if (unknown !== undefined) {
    throw new TypeError(`there is no '${unknown}' in ${what}; there may be ${Object.keys(known).join(', ')}`);
  }
}

/** Throws a `TypeError` where `given` is no array, or names something that is none of `known`; `undefined` is none at all. */
export function checkNames(what: string, given: unknown, known: readonly string[]): void {
  if (given === undefined) return;
  if (!Array.isArray(given)) throw new TypeError(`${what} has to be an array of some of ${known.join(', ')}`);
  const unknown = given.find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new TypeError(`${what}: there is no '${unknown}'; there are ${known.join(', ')}`);
}

/** Throws a `TypeError` where `given` is no number from `least` to `most`. */
export function checkNumber(what: string, given: unknown, least: number, most: number): void {
  if (!(typeof given === 'number' && given >= least && given <= most)) {
    throw new TypeError(`${what} has to be a number from ${least} to ${most}; got ${String(given)}`);
  }
}

/** The same for a whole number. */
export function checkWholeNumber(what: string, given: unknown, least: number, most: number): void {
  checkNumber(what, given, least, most);
  if (!Number.isInteger(given)) {
    throw new TypeError(`${what} has to be a whole number; got ${String(given)}`);
  }
}

/** Throws a `TypeError` where `given` is of another type; `undefined` is none at all. */
export function checkType(what: string, given: unknown, type: 'boolean' | 'function'): void {
  if (given !== undefined && typeof given !== type) {
    throw new TypeError(`${what} has to be a ${type}; got ${given === null ? 'null' : typeof given}`);
  }
}
