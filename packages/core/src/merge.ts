/** How values become text and back: `JSON`, unless told otherwise. */
export interface Serializer {
  /** Must give the same text for equal values. */
  stringify(value: unknown): string;
  parse(text: string): unknown;
}

type PlainObject = Record<string, unknown>;

/** What a key maps to where there is no such key. */
const absent = Symbol('absent');

/**
 * Three-way merge: what `mine` changed since `base` is put onto `stored`. Deep on plain objects; arrays and everything
 * else are whole. On a part that both changed, `mine` wins. A key that one of them deleted stays deleted unless the other
 * changed it. Two-way merges cannot tell a deleted key from an added one, and bring it back (tj/connect-redis #346, #348).
 */
export function merge(base: unknown, stored: unknown, mine: unknown, serializer: Serializer): unknown {
  const equal = (a: unknown, b: unknown): boolean => equalBy(serializer, a, b);
  const merged = mergePart(base, stored, mine, equal);
  return merged === absent ? undefined : merged;
}

function mergePart(
  base: unknown,
  stored: unknown,
  mine: unknown,
  equal: (a: unknown, b: unknown) => boolean,
): unknown {
  if (isPlainObject(stored) && isPlainObject(mine)) {
    return mergeKeys(isPlainObject(base) ? base : {}, stored, mine, equal);
  }
  return equal(base, mine) ? stored : mine;
}

function mergeKeys(
  base: PlainObject,
  stored: PlainObject,
  mine: PlainObject,
  equal: (a: unknown, b: unknown) => boolean,
): PlainObject {
  const merged: PlainObject = {};
  for (const key of new Set([...Object.keys(stored), ...Object.keys(mine)])) {
    const value = mergePart(partOf(base, key), partOf(stored, key), partOf(mine, key), equal);
    if (value !== absent) {
      // Not an assignment: `__proto__` is a key like any other in a parsed session.
      Object.defineProperty(merged, key, { value, enumerable: true, configurable: true, writable: true });
    }
  }
  return merged;
}

function partOf(object: PlainObject, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : absent;
}

function isPlainObject(value: unknown): value is PlainObject {
  if (typeof value !== 'object' || value === null) {
    return false;
  }
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Leaves are equal when they serialize to the same text. */
function equalBy(serializer: Serializer, a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) {
    return true;
  }
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) {
    return false;
  }
  return serializer.stringify(a) === serializer.stringify(b);
}
