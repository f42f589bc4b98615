import { createSecretKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { InvalidOptionError, SessionStore } from '@session-stores/core';
import { describe, expect, it } from 'vitest';
import { LossyBackend } from './lossy-backend.js';

class ExampleStore extends SessionStore {}

const secret = randomBytes(32);

function storedId(hashIds: unknown): string {
  return new ExampleStore(new LossyBackend(), { hashIds: hashIds as Buffer }).storedId('a');
}

describe('a secret key', () => {
  it.for([
    ['a Uint8Array', new Uint8Array(secret)],
    ['a KeyObject', createSecretKey(secret)],
    ['hex', secret.toString('hex')],
    ['hex in capitals', secret.toString('hex').toUpperCase()],
    ['base64', secret.toString('base64')],
    ['base64url', secret.toString('base64url')],
  ])('is the same as %s', ([, key]) => {
    expect(storedId(key)).toBe(storedId(secret));
    expect(storedId(key)).not.toBe(storedId(randomBytes(32)));
  });

  it.for([
    ['31 bytes', randomBytes(31), 'this one has 31'],
    ['33 bytes in hex', randomBytes(33).toString('hex'), 'this one has 33'],
    ['no bytes', '', 'this one has 0'],
    ['a passphrase', 'correct horse battery staple', 'this text is neither'],
    ['a public key', generateKeyPairSync('ed25519').publicKey, 'this one is a public key'],
    ['a number', 5, 'of type number'],
    ['null', null, 'null'],
    ['an array', [secret], 'an array'],
  ])('that is %s is refused, and not shown', ([, key, problem]) => {
    for (const [name, options] of Object.entries({
      hashIds: { hashIds: key },
      encryptionKeys: { encryptionKeys: Array.isArray(key) ? [key] : key },
      'encryptionKeys[1]': { encryptionKeys: [secret, key] },
    })) {
      const failure = thrownBy(() => new ExampleStore(new LossyBackend(), options as never));
      expect(failure).toBeInstanceOf(InvalidOptionError);
      expect(failure.message).toContain(
        `ExampleStore: option '${Array.isArray(key) && name === 'encryptionKeys' ? 'encryptionKeys[0]' : name}' must be 32 random bytes`,
      );
      expect(failure.message).toContain(problem);
      if (typeof key === 'string' && key !== '') expect(inspect(failure, { depth: 9 })).not.toContain(key);
    }
  });

  it('that is no list of at least one is refused', () => {
    expect(() => new ExampleStore(new LossyBackend(), { encryptionKeys: [] })).toThrow(/at least one/);
  });

  it('cannot be found in the store that has it', () => {
    const text = secret.toString('hex');
    const store = new ExampleStore(new LossyBackend(), { hashIds: text, encryptionKeys: [text] });
    expect(inspect(store, { depth: 12, showHidden: true })).not.toContain(text);
  });
});

function thrownBy(action: () => unknown): Error {
  try {
    action();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
}
