/**
 * What one writer puts under one key of a session, one version after the other. Versions count from 1; version 0 is
 * that there is nothing yet. An attempt whose outcome is unknown may come into effect, but only before a later version
 * is acknowledged.
 */
export class Note {
  readonly key: string;
  /** The newest version that is known to have been stored. */
  stored = 0;
  /** The newest version that somebody has tried to store. */
  tried = 0;
  /** Versions that take the key away. */
  readonly #absent = new Set([0]);

  constructor(key: string) {
    this.key = key;
  }

  /** The next version, which is about to be sent. */
  next(isAbsent: boolean): number {
    this.tried += 1;
    if (isAbsent) this.#absent.add(this.tried);
    return this.tried;
  }

  isAbsent(version: number): boolean {
    return this.#absent.has(version);
  }

  /** Whether this can be read where `stored` was the version stored when the read was sent. */
  mayBe(value: number | undefined, stored: number): boolean {
    if (value !== undefined) {
      return value >= stored && value <= this.tried && !this.#absent.has(value);
    }
    for (let version = stored; version <= this.tried; version++) if (this.#absent.has(version)) return true;
    return false;
  }

  /** In words, for a report. */
  expected(stored: number): string {
    const versions = [];
    for (let version = stored; version <= this.tried; version++) {
      versions.push(this.#absent.has(version) ? 'nothing' : version);
    }
    return versions.join(' or ');
  }
}
