import { checkNames, invalid, isObject } from './check-options.js';

/** The cache of a process in front of its storage. Every process of a fleet has to have one, if any has. */
export interface CacheOptions {
  /**
   * How many sessions are kept; beyond it the one goes that was used longest ago. 0: none, but this process tells those
   * that keep some what it changes. Default 10,000.
   */
  readonly maxEntries?: number | undefined;
  /** Ms after which a session is read anew, whatever happened. Default 60,000. */
  readonly maxAge?: number | undefined;
}

export interface CacheSettings {
  readonly maxEntries: number;
  readonly maxAge: number;
}

/** Throws `InvalidOptionError`. */
export function cacheSettings(storeName: string, cache: CacheOptions | undefined): CacheSettings | undefined {
  if (cache === undefined) {
    return undefined;
  }
  if (!isObject(cache)) {
    throw invalid(storeName, 'cache', 'an object such as { maxEntries: 10000, maxAge: 60000 }');
  }
  checkNames(`${storeName}: cache`, cache, ['maxEntries', 'maxAge']);
  const { maxEntries = 10_000, maxAge = 60_000 } = cache;
  if (!Number.isSafeInteger(maxEntries) || maxEntries < 0 || maxEntries > 2 ** 24) {
    throw invalid(storeName, 'cache.maxEntries', `a whole number from 0 to ${2 ** 24}`);
  }
  if (typeof maxAge !== 'number' || !(maxAge >= 1)) {
    throw invalid(storeName, 'cache.maxAge', 'a number of ms from 1');
  }
  return { maxEntries, maxAge };
}
