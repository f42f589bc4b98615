import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithServer } from '../src/servers/needs.js';
import { type PgBouncer, startPgBouncer } from '../src/servers/pgbouncer.js';
import { type PostgresServer, startPostgres } from '../src/servers/postgres.js';

async function ask<T>(url: string, question: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(url);
  client.on('error', () => {});
  await client.connect();
  return question(client).finally(() => client.end());
}

const query = (url: string, text: string) => ask(url, async (client) => (await client.query(text)).rows);

describeWithServer('pgbouncer', 'a PgBouncer', () => {
  describeWithServer('postgres-server', 'before a PostgreSQL', () => {
    let postgres: PostgresServer;
    let bouncer: PgBouncer;
    beforeAll(async () => {
      postgres = await startPostgres();
      bouncer = await startPgBouncer(postgres, { poolSize: 1 });
    });
    afterAll(() => Promise.all([bouncer.stop(), postgres.stop()]));

    it('shares one connection to the server among clients, transaction by transaction', async () => {
      const backends = await ask(bouncer.url, (one) =>
        ask(bouncer.url, async (other) => {
          const rows = [];
          for (const client of [one, other, one])
            rows.push((await client.query('select pg_backend_pid() as pid')).rows[0]);
          return rows;
        }),
      );
      expect(new Set(backends.map(({ pid }) => pid)).size).toBe(1);
    });

    it('says why it does not start', async () => {
      await expect(startPgBouncer(postgres, { poolMode: 'nonsense' as 'session' })).rejects.toThrow(
        /nonsense/,
      );
    });

    it('comes back after it was killed, and after its server was', { timeout: 30_000 }, async () => {
      await bouncer.restart();
      expect(await query(bouncer.url, 'select 1 as one')).toEqual([{ one: 1 }]);
      await postgres.restart();
      await expect
        .poll(() => query(bouncer.url, 'select 1 as one').catch(() => undefined), { timeout: 20_000 })
        .toEqual([{ one: 1 }]);
    });
  });
});
