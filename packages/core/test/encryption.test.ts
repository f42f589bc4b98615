import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { recordName, type SessionRecord, SessionStore, type SessionStoreOptions } from '@session-stores/core';
import { describe, expect, it } from 'vitest';
import { insertOf, LossyBackend } from './lossy-backend.js';
import { loaded, made, sessionOf } from './requests.js';

const [key, newKey, otherKey] = [randomBytes(32), randomBytes(32), randomBytes(32)];
const secret = 'the secret of ann: grüße 🥐';

async function stored(options: SessionStoreOptions = { encryptionKeys: key }) {
  const backend = new LossyBackend();
  const store = new SessionStore(backend, options);
  for (const id of ['a', 'b']) await store.set(id, made(store, id, { secret, of: id }));
  const dataOf = (id: string): string => backend.rows.get(id)?.data ?? '';
  const alter = (id: string, data: string): void => {
    backend.rows.set(id, { ...(backend.rows.get(id) as SessionRecord), data });
  };
  const opened = (encryptionKeys: SessionStoreOptions['encryptionKeys'], more: SessionStoreOptions = {}) =>
    new SessionStore(backend, { encryptionKeys, ...more });
  return { backend, store, dataOf, alter, opened };
}

const cannotDecrypt = { code: 'CANNOT_DECRYPT', message: expect.stringContaining(recordName('a')) };

describe('an encrypted session', () => {
  it('cannot be read in the storage, and is the same to the application', async () => {
    const { backend, store, dataOf } = await stored();
    expect(await sessionOf(store, 'a')).toEqual({ secret, of: 'a' });
    expect(dataOf('a')).toMatch(/^encrypted:1\.[\w-]{8}\.[\w-]+$/);
    expect(inspect(backend, { depth: 9 })).not.toContain(secret);
  });

  it('is another text each time that it is saved', async () => {
    const { store, dataOf } = await stored();
    const before = dataOf('a');
    await store.update('a', (session) => void Object.assign(session, { n: 1 }));
    await store.update('a', (session) => void Object.assign(session, { n: undefined }));
    expect(dataOf('a')).not.toBe(before);
  });

  it('is merged and touched as ever', async () => {
    const { backend, store } = await stored();
    const [one, other, third] = await Promise.all([
      loaded(store, 'a'),
      loaded(store, 'a'),
      loaded(store, 'a'),
    ]);
    await store.set('a', Object.assign(one, { x: 1 }));
    await store.set('a', Object.assign(other, { y: 2 }));
    await store.touch('a', third);
    expect(await sessionOf(store, 'a')).toEqual({ secret, of: 'a', x: 1, y: 2 });
    expect(backend.calls.filter((call) => call.startsWith('write')).length).toBe(5);
  });

  it('travels with those of its route only, as without encryption', async () => {
    const backend = Object.assign(new LossyBackend(), { routeOf: (id: string) => id });
    const store = new SessionStore(backend, { encryptionKeys: key });
    await Promise.all(['a', 'b', 'c'].map((id) => store.set(id, made(store, id, { secret }))));
    await Promise.all(['a', 'b', 'c'].map((id) => store.get(id)));
    expect(backend.calls.toSorted()).toEqual([...Array(3).fill('read 1'), ...Array(3).fill('write 1')]);
  });

  it('survives a lost reply', async () => {
    const backend = new LossyBackend();
    const store = new SessionStore(backend, { encryptionKeys: key, retry: { minTimeout: 1 } });
    await store.set('a', made(store, 'a', { n: 0 }));
    backend.fates.push('deliver', 'lose reply');
    await store.update('a', (session) => void Object.assign(session, { n: 1 }));
    expect(await sessionOf(store, 'a')).toEqual({ n: 1 });
  });

  it.for([
    ['of another session', (_: string, others: string) => others],
    ['cut short', (data: string) => data.slice(0, -4)],
    ['cut to nothing', (data: string) => data.slice(0, 21)],
    ['with a bit of the nonce flipped', (data: string) => flipped(data, 22)],
    ['with a bit in the middle flipped', (data: string) => flipped(data, data.length >> 1)],
    ['with a bit of the tag flipped', (data: string) => flipped(data, data.length - 3)],
  ] as const)('that is %s is an error that names the record', async ([, change]) => {
    const { store, dataOf, alter } = await stored();
    const altered = change(dataOf('a'), dataOf('b'));
    expect(altered).not.toBe(dataOf('a'));
    alter('a', altered);
    const error = await store.get('a').catch((failure) => failure);
    expect(error).toMatchObject(cannotDecrypt);
    expect(error.message).toContain('altered, or belongs to another id');
    expect(inspect(error, { depth: 9 })).not.toContain(altered);
    expect(dataOf('a')).toBe(altered);
    await expect(store.all()).rejects.toMatchObject(cannotDecrypt);
    expect(await sessionOf(store, 'b')).toEqual({ secret, of: 'b' });
  });

  it('that no key opens can be listed, counted and destroyed, and nothing else', async () => {
    const { backend, opened } = await stored();
    const stranger = opened([otherKey]);
    const birth = backend.rows.get('a')?.birth;
    for (const attempt of [
      () => stranger.get('a'),
      () => stranger.set('a', { cookie: {} } as never),
      () => stranger.update('a', () => {}),
      () => stranger.all(),
    ]) {
      const error = await attempt().catch((failure: Error) => failure);
      expect(error).toMatchObject(cannotDecrypt);
      expect((error as Error).message).toContain('not among encryptionKeys');
    }
    expect(await stranger.ids()).toEqual(['a', 'b']);
    expect(await stranger.length()).toBe(2);
    await stranger.destroy('a');
    expect(await stranger.ids()).toEqual(['b']);
    // By its birth: it is known although the data is not.
    expect(backend.graves.get('a')).toBe(birth);
  });

  it('fails the change that meets a state which no key opens', async () => {
    const { backend, store, dataOf, opened } = await stored();
    const request = await loaded(store, 'a');
    await opened([newKey, key]).update('a', (session) => void Object.assign(session, { n: 1 }));
    const between = dataOf('a');
    await expect(store.set('a', Object.assign(request, { m: 1 }))).rejects.toMatchObject(cannotDecrypt);
    await expect(store.touch('a', request)).rejects.toMatchObject(cannotDecrypt);
    expect(dataOf('a')).toBe(between);
    expect(backend.rows.size).toBe(2);
  });

  it('without keys is an error that says so', async () => {
    const { backend } = await stored();
    const error = await new SessionStore(backend).get('a').catch((failure) => failure);
    expect(error).toMatchObject(cannotDecrypt);
    expect(error.message).toContain('the store has no encryptionKeys');
  });
});

describe('the keys of a store', () => {
  it('rotate: the first writes, all read', async () => {
    const { dataOf, opened } = await stored();
    const before = dataOf('a');
    const rotating = opened([newKey, key]);
    expect(await sessionOf(rotating, 'a')).toEqual({ secret, of: 'a' });
    expect(dataOf('a')).toBe(before);
    await rotating.update('a', (session) => void Object.assign(session, { n: 1 }));
    const rotated = opened(newKey);
    expect(await sessionOf(rotated, 'a')).toEqual({ secret, of: 'a', n: 1 });
    await expect(rotated.get('b')).rejects.toMatchObject({ code: 'CANNOT_DECRYPT' });
    await expect(opened(key).get('a')).rejects.toMatchObject({ code: 'CANNOT_DECRYPT' });
  });

  it('may be the one of hashIds, and encrypted records are bound to the hash', async () => {
    const { backend, store } = await stored({ encryptionKeys: key, hashIds: key });
    expect(await sessionOf(store, 'a')).toEqual({ secret, of: 'a' });
    const [one, other] = [...backend.rows.values()] as [SessionRecord, SessionRecord];
    backend.rows.set(one.id, { ...one, data: other.data });
    await expect(store.get('a')).rejects.toMatchObject({ code: 'CANNOT_DECRYPT' });
  });
});

describe('a session that is not encrypted', () => {
  it('is an error where keys are set', async () => {
    const { backend, opened } = await stored();
    backend.applyWrite(insertOf('plain', { secret }));
    const error = await opened(key)
      .get('plain')
      .catch((failure) => failure);
    expect(error).toMatchObject({
      code: 'CANNOT_DECRYPT',
      message: expect.stringContaining('readUnencrypted'),
    });
    expect(inspect(error)).not.toContain(secret);
  });

  it('can be read with readUnencrypted, and is encrypted when it is saved', async () => {
    const { backend, dataOf, opened } = await stored();
    backend.applyWrite(insertOf('plain', { secret }));
    const migrating = opened(key, { readUnencrypted: true });
    expect(await sessionOf(migrating, 'plain')).toEqual({ secret });
    await migrating.set('plain', Object.assign(await loaded(migrating, 'plain'), { n: 1 }));
    expect(dataOf('plain')).toMatch(/^encrypted:1\./);
    expect(await sessionOf(opened(key), 'plain')).toEqual({ secret, n: 1 });
  });

  it('needs no such option without keys', () => {
    expect(() => new SessionStore(new LossyBackend(), { readUnencrypted: true })).toThrow(
      /'readUnencrypted' must be left out where there are no encryptionKeys/,
    );
  });
});

/** Another base64url character at this place, with one other bit. */
function flipped(data: string, at: number): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const changed = alphabet[alphabet.indexOf(data[at] as string) ^ 32] as string;
  return data.slice(0, at) + changed + data.slice(at + 1);
}
