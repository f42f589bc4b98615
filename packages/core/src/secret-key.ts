import { createSecretKey, hkdfSync, KeyObject } from 'node:crypto';
import { InvalidOptionError } from './errors.js';

/** 32 secret bytes: as they are, as a secret `KeyObject`, or as text in hexadecimal, base64 or base64url. */
export type SecretKey = string | Uint8Array | KeyObject;

const keyLength = 32;

/**
 * A key for one purpose only, derived from what the application passed as an option: so that one secret may serve several.
 * Throws `InvalidOptionError`, which never shows what was passed.
 */
export function keyFor(purpose: string, storeName: string, option: string, secret: SecretKey): KeyObject {
  const bytes = bytesOf(secret);
  if (bytes?.length !== keyLength) {
    throw new InvalidOptionError(
      `${storeName}: option '${option}' must be ${keyLength} random bytes: a Buffer, a secret KeyObject, or text in hex or base64, such as \`openssl rand -base64 ${keyLength}\` prints; ${problemOf(secret, bytes)}`,
    );
  }
  return createSecretKey(Buffer.from(hkdfSync('sha256', bytes, '', `session-stores ${purpose}`, keyLength)));
}

const hexadecimal = /^(?:[0-9a-f]{2})*$/i;
const base64 = /^[A-Za-z0-9+/_-]*={0,2}$/;

function bytesOf(secret: unknown): Uint8Array | undefined {
  if (secret instanceof Uint8Array) {
    return secret;
  }
  if (secret instanceof KeyObject) {
    return secret.type === 'secret' ? secret.export() : undefined;
  }
  if (typeof secret !== 'string') {
    return undefined;
  }
  if (hexadecimal.test(secret)) {
    return Buffer.from(secret, 'hex');
  }
  return base64.test(secret) ? Buffer.from(secret, 'base64') : undefined;
}

function problemOf(secret: unknown, bytes: Uint8Array | undefined): string {
  if (bytes !== undefined) {
    return `this one has ${bytes.length}`;
  }
  if (typeof secret === 'string') {
    return 'this text is neither';
  }
  return secret instanceof KeyObject
    ? `this one is a ${secret.type} key`
    : `this is ${secret === null ? 'null' : Array.isArray(secret) ? 'an array' : `of type ${typeof secret}`}`;
}
