import { flagOf, invalid, numberOf } from './check-options.js';
import { Cipher } from './cipher.js';
import { keyFor, type SecretKey } from './secret-key.js';
import { StoredIds } from './stored-ids.js';

/** How sessions lie in the storage. */
export interface AtRestOptions {
  /** The storage, events and errors know sessions by a keyed hash of their ids (HMAC-SHA256), and never by the ids. */
  readonly hashIds?: SecretKey | undefined;
  /** The sessions are encrypted (AES-256-GCM): with the first key, readable with each of them, so that keys can rotate. */
  readonly encryptionKeys?: SecretKey | readonly SecretKey[] | undefined;
  /** Whether sessions that were stored without encryption can be read, until they are saved again. Default `false`. */
  readonly readUnencrypted?: boolean | undefined;
  /** How long a session may be, in bytes of its serialized form. A save beyond that fails with `TOO_LARGE`. No limit by default. */
  readonly maxBytes?: number | undefined;
}

export interface AtRest {
  readonly ids: StoredIds;
  readonly cipher: Cipher | undefined;
  readonly maxBytes: number;
}

/** Throws `InvalidOptionError`, which never shows a key. */
export function atRestOf(storeName: string, options: AtRestOptions): AtRest {
  const { hashIds, encryptionKeys, maxBytes } = options;
  const key = hashIds === undefined ? undefined : keyFor('ids', storeName, 'hashIds', hashIds);
  const readUnencrypted = flagOf(storeName, 'readUnencrypted', options.readUnencrypted);
  if (readUnencrypted && encryptionKeys === undefined) {
    throw invalid(storeName, 'readUnencrypted', 'left out where there are no encryptionKeys');
  }
  return {
    ids: new StoredIds(key),
    cipher: encryptionKeys === undefined ? undefined : cipherOf(storeName, encryptionKeys, readUnencrypted),
    maxBytes: numberOf(storeName, 'maxBytes', maxBytes, Number.POSITIVE_INFINITY, 1, Number.MAX_SAFE_INTEGER),
  };
}

function cipherOf(
  storeName: string,
  secrets: SecretKey | readonly SecretKey[],
  readUnencrypted: boolean,
): Cipher {
  const list = Array.isArray(secrets) ? (secrets as readonly SecretKey[]) : undefined;
  const [first, ...others] = list?.map((secret, index) =>
    keyFor('data', storeName, `encryptionKeys[${index}]`, secret),
  ) ?? [keyFor('data', storeName, 'encryptionKeys', secrets as SecretKey)];
  if (first === undefined) {
    throw invalid(storeName, 'encryptionKeys', 'a key or an array of at least one');
  }
  return new Cipher([first, ...others], readUnencrypted);
}
