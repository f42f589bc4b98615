import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { expect, it, onTestFinished } from 'vitest';
import {
  bound,
  caching,
  describeCache,
  session,
  untilServed,
} from '../../../test-harness/src/own-tests/cache-tests.js';
import { lastRead, sharedClock } from '../../../test-harness/src/own-tests/stale-reads.js';
import { describeWithServer } from '../../../test-harness/src/servers/needs.js';
import { PostgresBackend, type PostgresBackendOptions, PostgresStore } from '../src/index.js';
import { newTable } from './samples.js';

describeWithServer('postgres', 'the cache of a PostgreSQL store', (url) => {
  describeCache<PostgresBackendOptions>({
    name: 'postgres',
    server: () => {
      const { hostname: host, port } = new URL(url);
      return { host, port: Number(port) };
    },
    fresh: () => ({ url, table: newTable() }),
    open(options, proxy) {
      if (proxy === undefined) return new PostgresBackend(options);
      const proxied = new URL(url);
      proxied.port = `${proxy.port}`;
      return new PostgresBackend({ ...options, url: proxied.href });
    },
    from: '@session-stores/postgres',
    Store: PostgresStore,
    url: import.meta.url,
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
    const { store, reads } = await caching(new PostgresBackend({ url, table }));
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
    await untilServed(store, reads, 'warm');
  });

  it('gives its connection back when the store is closed', async () => {
    const pool = new pg.Pool({ connectionString: url });
    const { store } = await caching(new PostgresBackend({ pool, table: newTable() }));
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
