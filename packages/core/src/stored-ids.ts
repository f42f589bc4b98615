import { createHmac, type KeyObject } from 'node:crypto';
import { SessionStoreError } from './errors.js';

/** What the storage knows a hashed id by. A session id of a browser never looks like that. */
const hashedForm = /^hashed:[A-Za-z0-9_-]{43}$/;

/**
 * The ids as the storage has them: themselves, or their keyed hashes. Everything behind the methods of a store knows only
 * these, so that no record, error or event can give an id away.
 */
export class StoredIds {
  readonly #key: KeyObject | undefined;

  /** Without a key the ids are stored as they are. */
  constructor(key: KeyObject | undefined) {
    this.#key = key;
  }

  of(id: string): string {
    return this.#key === undefined
      ? id
      : `hashed:${createHmac('sha256', this.#key).update(id).digest('base64url')}`;
  }

  /** Of an id that a session has, or of one that `ids` or `all` gave. */
  ofListed(id: string): string {
    return this.#isHash(id) ? id : this.of(id);
  }

  /**
   * Throws `INVALID_ID` for what `ids` and `all` give: to whoever reads the storage that must be no way into a session, and
   * a change of it must not seem to be one of a session that does not exist.
   */
  refuseListed(id: string): void {
    if (this.#isHash(id)) {
      throw new SessionStoreError(
        'INVALID_ID',
        'This is the hash of an id, as ids() and all() give it; it can be destroyed, and nothing else',
      );
    }
  }

  #isHash(id: string): boolean {
    return this.#key !== undefined && hashedForm.test(id);
  }
}
