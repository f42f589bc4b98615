import pg from 'pg';
import { afterAll, expect, it } from 'vitest';
import { everyModeAtOnce } from '../../../test-harness/src/own-tests/at-rest-modes.js';
import { liveThrough, shown } from '../../../test-harness/src/own-tests/at-rest-traces.js';
import { describeWithServer } from '../../../test-harness/src/servers/needs.js';
import { PostgresStore } from '../src/index.js';
import { newTable } from './samples.js';

describeWithServer('postgres', 'PostgresStore', (url) => {
  const pool = new pg.Pool({ connectionString: url });
  afterAll(() => pool.end());

  /** All that is in the table, as rows and as the bytes of its file. */
  async function dumpOf(table: string): Promise<string> {
    const name = pg.escapeIdentifier(table);
    const { rows } = await pool.query<{ text: string }>(
      `select sessions::text as text from ${name} sessions`,
    );
    await pool.query('checkpoint');
    const file = await pool.query<{ bytes: Buffer }>(
      'select pg_read_binary_file(pg_relation_filepath($1)) as bytes',
      [name],
    );
    const texts = [...rows.map(({ text }) => text), file.rows[0]?.bytes.toString('latin1')];
    expect(texts.map((text) => text?.length)).toEqual([...rows.map(() => expect.any(Number)), 8192]);
    return texts.join('\n');
  }

  it.for([
    ['neither id nor data, with hashIds and encryptionKeys', everyModeAtOnce, { id: false, secret: false }],
    ['both, without', {}, { id: true, secret: true }],
  ] as const)('leaves in its table %s', async ([, options, expected]) => {
    const table = newTable();
    const store = new PostgresStore({ url, table, ...options });
    const foreign = new PostgresStore({ url, table, ...options, encryptionKeys: 'f'.repeat(64) });
    const told = await liveThrough(store, foreign);
    expect(shown(await dumpOf(table))).toEqual(expected);
    expect(shown(told)).toEqual({ id: false, secret: false });
    await Promise.all([store.close(), foreign.close()]);
  });
});
