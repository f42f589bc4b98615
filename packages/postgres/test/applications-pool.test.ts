import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import pg from 'pg';
import { afterAll, expect, it, onTestFinished } from 'vitest';
import { failureOf, one, sample, within } from '../../../test-harness/src/own-tests/backend-calls.js';
import { describeWithServer } from '../../../test-harness/src/servers/needs.js';
import { PostgresBackend } from '../src/index.js';
import { during, newTable, opened } from './samples.js';

describeWithServer('postgres', 'the pool of an application', (url) => {
  const pool = new pg.Pool({ connectionString: url });
  const table = newTable();
  afterAll(() => pool.end());

  it('may have any parsers', async () => {
    const { getTypeParser } = pg.types;
    const types = {
      getTypeParser: (oid: number, format: never) =>
        [20, 25, 701, 1700].includes(oid) ? () => 42 : getTypeParser(oid, format),
    };
    const parsing = new pg.Pool({ connectionString: url, types } as unknown as pg.PoolConfig);
    onTestFinished(() => parsing.end());
    const [own] = await opened({ pool: parsing, table });
    const insert = sample();
    await own.write([insert], within());
    const found = await one(own.read([insert.id], within()));
    expect(found).toMatchObject({ data: insert.data, birth: insert.birth, revision: insert.revision });
    expect(Math.abs((found as { expiresAt: number }).expiresAt - Date.now() - 60_000)).toBeLessThan(5_000);
    expect(own.expiryUncertainty).toBeLessThan(1_000);
  });

  it('has no listeners of the store on what it gets back', async () => {
    const single = new pg.Pool({ connectionString: url, max: 1 });
    onTestFinished(() => single.end());
    const listeners = async () => {
      const client = await single.connect();
      const count = client.listenerCount('error');
      client.release();
      return count;
    };
    const before = await listeners();
    const [own] = await opened({ pool: single, table });
    await own.read(['a'], within());
    expect(await listeners()).toBe(before);
    await own.close();
  });

  /** On a pool with a time limit of its own. The table is there already: a busy machine takes longer for it than for a statement. */
  async function limitedTo(query_timeout: number, more: pg.PoolConfig = {}) {
    const table = newTable();
    const [maker] = await opened({ pool, table });
    await maker.close();
    const limited = new pg.Pool({ connectionString: url, query_timeout, ...more });
    const backend = new PostgresBackend({ pool: limited, table });
    onTestFinished(async () => {
      await backend.close();
      await limited.end();
    });
    return { limited, backend, table };
  }

  const endedByThePool = { kind: 'CONNECTION', message: 'Query read timeout', transient: true };

  it('does not get back the connection on which a time limit of its own ended a call', async () => {
    const { limited, backend, table } = await limitedTo(1_000, { max: 1 });
    await during(pool, `lock table ${table}`, async () => {
      expect(await failureOf(backend.read(['a'], within()))).toMatchObject(endedByThePool);
      // Behind that call nobody else waits, also where its statement cannot be cancelled.
      expect(limited.totalCount).toBe(0);
      expect(await limited.query('select 1')).toMatchObject({ rowCount: 1 });
    });
  });

  it('leaves nothing waiting on the server where its time limit ended a call', async () => {
    // Long enough for the calls to be there: a cancel that comes before its statement finds nothing to cancel.
    const { backend, table } = await limitedTo(1_000);
    await during(pool, `lock table ${table}`, async () => {
      const calls = Array.from({ length: 5 }, () => failureOf(backend.read(['a'], within())));
      expect(await Promise.all(calls)).toMatchObject(calls.map(() => endedByThePool));
      const left = () =>
        pool.query(
          `select pid from pg_stat_activity where position($1 in query) > 0 and state = 'active' and pid <> pg_backend_pid()`,
          [table],
        );
      await expect.poll(async () => (await left()).rowCount).toBe(0);
    });
  });
});

describeWithServer('postgres', 'a script', (url) => {
  it.each(['{}', '{ cache: {} }'])(
    'that does not close its store ends all the same, with the options %s',
    async (options) => {
      const program = `
      import { PostgresStore } from '@session-stores/postgres';
      const [url, table] = process.argv.slice(1);
      const store = new PostgresStore({ url, table, ...${options} });
      await store.set('a', { cookie: { originalMaxAge: 60_000 } });
      await store.get('a');`;
      const node = ['--input-type=module', '--eval', program, '--', url, newTable()];
      await promisify(execFile)(process.execPath, node, {
        cwd: fileURLToPath(new URL('.', import.meta.url)),
        timeout: 10_000,
      });
    },
  );
});
