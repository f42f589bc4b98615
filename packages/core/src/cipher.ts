import { createCipheriv, createDecipheriv, createHmac, type KeyObject, randomBytes } from 'node:crypto';
import { recordName, SessionStoreError } from './errors.js';

/**
 * What is stored of an encrypted session: `encrypted:1.` name of the key `.` and in base64url the nonce, the ciphertext and
 * the tag.
 */
const version = 'encrypted:1.';
const nameLength = 8;
const nonceLength = 12;
const tagLength = 16;
const algorithm = 'aes-256-gcm';

/** Whether text is of the form that a `Cipher` makes, whatever its key. */
export function isEncrypted(text: string): boolean {
  return text.startsWith(version);
}

/** Encrypts with the first of its keys and decrypts with whichever it was. What is encrypted is bound to one id. */
export class Cipher {
  readonly #keys = new Map<string, KeyObject>();
  readonly #current: { readonly name: string; readonly key: KeyObject };
  readonly #readUnencrypted: boolean;

  /** `readUnencrypted`: take what is not encrypted as it is. */
  constructor(keys: readonly [KeyObject, ...KeyObject[]], readUnencrypted: boolean) {
    for (const key of keys) {
      this.#keys.set(nameOf(key), key);
    }
    this.#current = { name: nameOf(keys[0]), key: keys[0] };
    this.#readUnencrypted = readUnencrypted;
  }

  encrypt(id: string, data: string): string {
    const { name, key } = this.#current;
    const head = `${version}${name}.`;
    const nonce = randomBytes(nonceLength);
    const cipher = createCipheriv(algorithm, keyOfRecord(key, id), nonce).setAAD(aadOf(head, id));
    const sealed = Buffer.concat([nonce, cipher.update(data, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    return head + sealed.toString('base64url');
  }

  /** Throws `CANNOT_DECRYPT`, which names the record. */
  decrypt(id: string, stored: string): string {
    if (!isEncrypted(stored)) {
      if (this.#readUnencrypted) {
        return stored;
      }
      throw cannotDecrypt(
        id,
        'it is not encrypted. Where sessions from before are to be kept, set readUnencrypted until they are gone',
      );
    }
    const name = stored.slice(version.length, version.length + nameLength);
    const key = this.#keys.get(name);
    if (key === undefined) {
      throw cannotDecrypt(id, 'its key is not among encryptionKeys. Add the key that it was written with');
    }
    const head = `${version}${name}.`;
    const sealed = Buffer.from(stored.slice(head.length), 'base64url');
    if (sealed.length < nonceLength + tagLength) {
      throw cannotDecrypt(id, altered);
    }
    try {
      const nonce = sealed.subarray(0, nonceLength);
      const decipher = createDecipheriv(algorithm, keyOfRecord(key, id), nonce, { authTagLength: tagLength })
        .setAAD(aadOf(head, id))
        .setAuthTag(sealed.subarray(-tagLength));
      const ciphertext = sealed.subarray(nonceLength, -tagLength);
      return decipher.update(ciphertext, undefined, 'utf8') + decipher.final('utf8');
    } catch {
      throw cannotDecrypt(id, altered);
    }
  }
}

const altered =
  'it has been altered, or belongs to another id. It is left as it is; destroy the session to be rid of it';

export function cannotDecrypt(id: string, why: string): SessionStoreError {
  return new SessionStoreError(
    'CANNOT_DECRYPT',
    `Session record ${recordName(id)} cannot be decrypted: ${why}`,
  );
}

/** Tells keys apart and gives nothing of them away. */
function nameOf(key: KeyObject): string {
  return createHmac('sha256', key).update('name').digest('base64url').slice(0, nameLength);
}

/**
 * With random nonces a key of AES-GCM is good for 2^32 messages, which a busy store writes in weeks; no single session is
 * ever written so often.
 */
function keyOfRecord(key: KeyObject, id: string): Buffer {
  return createHmac('sha256', key).update('record').update(id).digest();
}

function aadOf(head: string, id: string): Buffer {
  return Buffer.from(head + id);
}
