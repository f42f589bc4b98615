import { randomUUID } from 'node:crypto';
import type { CallContext, ReadAnswer } from '@session-stores/core';
import { SessionStore } from '@session-stores/core';
import { type FaultMode, startFaultProxy } from '@session-stores/test-harness';
import pg from 'pg';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  Destroyer,
  lastRead,
  measureStaleReads,
  sharedClock,
} from '../../../test-harness/src/own-tests/stale-reads.js';
import { describeWithServer } from '../../../test-harness/src/servers/needs.js';
import { PostgresBackend, type PostgresBackendOptions, PostgresStore } from '../src/index.js';
import { newTable } from './samples.js';

/** Ms; core's README. */
const bound = 2_000;
const session = (fields: object = {}) =>
  ({ cookie: { originalMaxAge: 60_000 }, ...fields }) as unknown as Parameters<PostgresStore['set']>[1];

class CountingBackend extends PostgresBackend {
  reads = 0;

  override read(ids: readonly string[], context: CallContext): Promise<readonly ReadAnswer[]> {
    this.reads++;
    return super.read(ids, context);
  }
}

describeWithServer('postgres', 'the cache of a PostgreSQL store', (url) => {
  /** A store whose cache is up. */
  async function caching(given: PostgresBackendOptions) {
    const backend = new CountingBackend(given);
    const store = new SessionStore(backend, { cache: {}, operationTimeout: 500 });
    const errors: Error[] = [];
    store.on('storeError', ({ operation, error }) => operation === undefined && errors.push(error));
    onTestFinished(async () => void (await store.close()));
    await store.set('warm', session());
    await untilServed(backend, store, 'warm');
    return { backend, store, errors };
  }

  /** Resolves when a session is served without a call. */
  async function untilServed(backend: CountingBackend, store: SessionStore, id: string): Promise<void> {
    await expect
      .poll(
        async () => {
          await store.get(id).catch(() => {});
          const before = backend.reads;
          await store.get(id).catch(() => {});
          return backend.reads === before;
        },
        { timeout: 10_000 },
      )
      .toBe(true);
  }

  it('shows a session that another process destroyed for some ms at the most', async () => {
    const given = { url, table: newTable() };
    const { backend, store } = await caching(given);
    const destroyer = await Destroyer.start(
      `import { PostgresStore } from '@session-stores/postgres';`,
      `new PostgresStore(${JSON.stringify({ ...given, cache: { maxEntries: 0 } })})`,
      import.meta.url,
    );
    const rounds = 1_000;
    const measured = await measureStaleReads(store, () => backend.reads, destroyer, rounds);
    await destroyer.end();
    console.log('postgres: ms from destroy to the last stale read', measured);
    expect(measured.served).toBeGreaterThan(0.9 * rounds);
    expect(measured.longest).toBeLessThan(bound);
    expect(measured.p50).toBeLessThan(50);
  }, 60_000);

  describe.each<FaultMode>(['hang', 'silence', 'refuse', 'reset', 'cutReplies'])(
    'through a network that is: %s',
    (mode) => {
      it(`shows no destroyed session beyond the bound, and is back afterwards`, async () => {
        const { hostname: host, port } = new URL(url);
        const proxy = await startFaultProxy({ host, port: Number(port) });
        onTestFinished(() => proxy.close());
        const table = newTable();
        const { backend, store } = await caching({
          url: url.replace(`:${port}/`, `:${proxy.address.port}/`),
          table,
        });
        const direct = new PostgresStore({ url, table, cache: { maxEntries: 0 } });
        onTestFinished(async () => void (await direct.close()));
        await store.set('a', session());
        await untilServed(backend, store, 'a');

        await proxy.setMode(mode);
        await direct.destroy('a');
        const destroyed = sharedClock();
        expect((await lastRead(store, 'a')) - destroyed).toBeLessThan(bound);
        await proxy.setMode('pass');
        await expect.poll(() => store.get('a').catch(() => 'failed'), { timeout: 10_000 }).toBeUndefined();
        await untilServed(backend, store, 'warm');
        await direct.destroy('warm');
        await expect.poll(() => store.get('warm'), { timeout: 1_000 }).toBeUndefined();
      }, 30_000);
    },
  );

  it('hears nothing of its own changes, and serves what it saved', async () => {
    const { backend, store } = await caching({ url, table: newTable() });
    const before = backend.reads;
    for (let n = 0; n < 20; n++) {
      await store.update('warm', (data) => void Object.assign(data, { n }));
      await new Promise((resolve) => setTimeout(resolve, 5)); // The announcement arrives, or is on its way.
      expect(await store.get('warm')).toMatchObject({ n });
    }
    expect(backend.reads).toBe(before);
  });

  it('tells no id, and only where the option is set', async () => {
    const table = newTable();
    const quiet = new PostgresStore({ url, table });
    const id = `id-${randomUUID()}`;
    await quiet.set('another', session());
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    onTestFinished(() => client.end());
    const texts: string[] = [];
    client.on('notification', ({ channel, payload }) => texts.push(`${channel} ${payload}`));
    const { rows } = await client.query('select $1::regclass::oid::text as oid', [table]);
    await client.query(`listen session_stores_${rows[0].oid}`);
    await quiet.set(id, session());
    await quiet.destroy(id);
    await quiet.close();
    const telling = new PostgresStore({ url, table, cache: { maxEntries: 0 } });
    await telling.set(id, session());
    await telling.set(id, session({ n: 1 }));
    await telling.destroy(id);
    await telling.close();
    await expect.poll(() => texts.length).toBe(2);
    expect(texts.join()).not.toContain(id);
    expect(texts[0]).toMatch(/^session_stores_\d+ [0-9a-f]{12} /);
  });

  it('hears a table that was made anew, after the bound', async () => {
    const table = newTable();
    const { backend, store } = await caching({ url, table });
    const pool = new pg.Pool({ connectionString: url });
    onTestFinished(() => pool.end());
    await pool.query(`create table ${table}_copy (like ${table} including all)`);
    await pool.query(`insert into ${table}_copy (id, data, birth, revision, expires_at)
      select id, data, birth, revision, expires_at from ${table}`);
    await pool.query(`begin; drop table ${table}; alter table ${table}_copy rename to ${table}; commit`);
    await pool.query(`delete from ${table}`);
    const changed = sharedClock();
    expect((await lastRead(store, 'warm')) - changed).toBeLessThan(bound);
    await store.set('warm', session({ n: 1 }));
    await untilServed(backend, store, 'warm');
  });

  it('gives its connection back when the store is closed', async () => {
    const pool = new pg.Pool({ connectionString: url });
    const { store } = await caching({ pool, table: newTable() });
    expect(pool.totalCount).toBeGreaterThan(pool.idleCount);
    await store.close();
    await pool.end();
  });

  it('is refused where nothing can listen, unless it keeps nothing', () => {
    const at = { url, table: newTable() };
    expect(() => new PostgresStore({ ...at, preparedStatements: false, cache: {} })).toThrow(
      /'cache' needs LISTEN/,
    );
    const pool = new pg.Pool({ connectionString: url, max: 1 });
    expect(() => new PostgresStore({ pool, cache: {} })).toThrow(/keeps one connection.*max: 1/);
    expect(
      () => new PostgresStore({ ...at, preparedStatements: false, cache: { maxEntries: 0 } }),
    ).not.toThrow();
  });
});
