import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SqliteStore } from '@session-stores/sqlite';
import { describe, expect, it } from 'vitest';
import { newFolder } from './setup.js';

const key = 'aWRzIGFyZSBoYXNoZWQgd2l0aCB0aGlzIG9uZSAuLi4=';
const id = 'id-of-a-browser-3f1c9a77';
const secret = 'the secret of ann';

describe('the files of a database', () => {
  it.for([
    [
      'neither id nor data with hashIds and encryptionKeys',
      { hashIds: key, encryptionKeys: key },
      [false, false],
    ],
    ['both without', {}, [true, true]],
  ] as const)('have %s', async ([, options, expected]) => {
    const folder = newFolder();
    const store = new SqliteStore({ path: join(folder, 'sessions.db'), ...options });
    await store.set(id, { cookie: {}, secret } as never);
    await store.update(id, (session) => void Object.assign(session, { n: 1 }));
    expect(await store.get(id)).toMatchObject({ secret, n: 1 });
    await store.set(`${id} too`, { cookie: {}, secret } as never);
    await store.destroy(`${id} too`);
    const bytes = Buffer.concat(readdirSync(folder).map((name) => readFileSync(join(folder, name))));
    expect([bytes.includes(id), bytes.includes(secret)]).toEqual(expected);
    await store.close();
  });
});
