import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import pg from 'pg';
import { afterAll, describe, expect, it } from 'vitest';
import { one, sample, within } from '../../../test-harness/src/own-tests/backend-calls.js';
import { describeWithServer } from '../../../test-harness/src/servers/needs.js';
import { failureOf as asFailure } from '../src/postgres-failure.js';
import { newTable, opened } from './samples.js';

describeWithServer('postgres', 'what the application has added to the table', (url) => {
  const pool = new pg.Pool({ connectionString: url });
  afterAll(() => pool.end());

  it('an index for which one session is too long fails that session alone', async () => {
    const indexed = newTable();
    const [own] = await opened({ pool, table: indexed });
    await pool.query(`create index on ${indexed} (data)`);
    const answers = await own.write(
      [sample(), sample({ data: randomBytes(9_000).toString('hex') })],
      within(),
    );
    expect(answers).toMatchObject([
      { status: 'written' },
      { status: 'error', error: { kind: 'REFUSED', sqlState: '54000' } },
    ]);
  });

  it('a generated column that cannot be made of the data says nothing of what is in it', async () => {
    const generated = newTable();
    const [own] = await opened({ pool, table: generated });
    await pool.query(
      `alter table ${generated} add column n int generated always as ((data::json ->> 'secret')::int) stored`,
    );
    const answer = await one(own.write([sample({ data: '{"secret":"cucumber"}' })], within()));
    expect(answer).toMatchObject({ status: 'error', error: { kind: 'REFUSED', sqlState: '22P02' } });
    expect(inspect(answer, { depth: 9, showHidden: true })).not.toContain('cucumber');
  });
});

describe('a certificate that cannot be trusted', () => {
  it.each([
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'CERT_HAS_EXPIRED',
    'ERR_TLS_CERT_ALTNAME_INVALID',
  ])('needs somebody: %s', (code) => {
    const failure = asFailure(Object.assign(new Error('the certificate'), { code }));
    expect(failure).toMatchObject({ kind: 'TLS', transient: false });
  });
});
