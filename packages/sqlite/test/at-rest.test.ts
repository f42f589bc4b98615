import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SqliteStore } from '@session-stores/sqlite';
import { describe, expect, it } from 'vitest';
import { everyModeAtOnce } from '../../../test-harness/src/own-tests/at-rest-modes.js';
import { liveThrough, shown } from '../../../test-harness/src/own-tests/at-rest-traces.js';
import { newFolder } from './setup.js';

describe('the files of a database', () => {
  it.for([
    ['neither id nor data with hashIds and encryptionKeys', everyModeAtOnce, { id: false, secret: false }],
    ['both without', {}, { id: true, secret: true }],
  ] as const)('have %s', async ([, options, expected]) => {
    const folder = newFolder();
    const path = join(folder, 'sessions.db');
    const store = new SqliteStore({ path, ...options });
    const foreign = new SqliteStore({ path, ...options, encryptionKeys: 'f'.repeat(64) });
    const told = await liveThrough(store, foreign);
    const bytes = Buffer.concat(readdirSync(folder).map((name) => readFileSync(join(folder, name))));
    expect(shown(bytes.toString('latin1'))).toEqual(expected);
    expect(shown(told)).toEqual({ id: false, secret: false });
    await Promise.all([store.close(), foreign.close()]);
  });
});
