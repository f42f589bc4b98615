import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';
import { expect, it } from 'vitest';
import { describeWithServer } from '../src/servers/needs.js';
import { type PostgresServer, startPostgres } from '../src/servers/postgres.js';
import { startPostgresStandby } from '../src/servers/postgres-standby.js';

async function ask<T>(url: string, question: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(url);
  client.on('error', () => {});
  await client.connect();
  return question(client).finally(() => client.end());
}

const query = (url: string, text: string) => ask(url, async (client) => (await client.query(text)).rows);

describeWithServer('postgres-server', 'a PostgreSQL with a standby', () => {
  it('takes writes when it is promoted, and has all that its dead primary acknowledged', {
    timeout: 120_000,
  }, async () => {
    const primary = await startPostgres();
    await query(primary.url, 'create table kept (id serial)');
    const standby = await startPostgresStandby(primary, { synchronous: true });
    const insert = 'insert into kept default values returning id';
    await expect(query(standby.url, insert)).rejects.toMatchObject({ code: '25006' });
    const acknowledged = await insertUntilKilled(primary);
    await standby.promote();
    expect(await query(standby.url, insert)).toHaveLength(1);
    const ids = new Set((await query(standby.url, 'select id from kept')).map(({ id }) => id));
    expect(acknowledged.filter((id) => !ids.has(id))).toEqual([]);
    await Promise.all([primary.stop(), standby.stop()]);
  });

  it('acknowledges nothing that a synchronous standby has not', { timeout: 120_000 }, async () => {
    const primary = await startPostgres();
    const standby = await startPostgresStandby(primary, { synchronous: true });
    await standby.kill();
    let acknowledged = false;
    const write = query(primary.url, 'create table kept ()').then(() => {
      acknowledged = true;
    });
    // Many times as long as a commit takes.
    await wait(500);
    expect(acknowledged).toBe(false);
    await standby.restart();
    await write;
    await Promise.all([primary.stop(), standby.stop()]);
  });

  async function insertUntilKilled(primary: PostgresServer): Promise<number[]> {
    const acknowledged: number[] = [];
    const writer = async () => {
      await ask(primary.url, async (client) => {
        for (;;) {
          const { rows } = await client.query('insert into kept default values returning id');
          acknowledged.push(rows[0].id);
        }
      });
    };
    const writers = Array.from({ length: 4 }, () => writer().catch(() => {}));
    await expect.poll(() => acknowledged.length, { timeout: 15_000 }).toBeGreaterThan(20);
    await primary.kill();
    await Promise.all(writers);
    return acknowledged;
  }

  it('catches up with what it has missed', { timeout: 120_000 }, async () => {
    const primary = await startPostgres();
    const standby = await startPostgresStandby(primary);
    await standby.kill();
    await query(primary.url, 'create table missed as select 1 as one; checkpoint');
    await standby.restart();
    await expect
      .poll(() => query(standby.url, 'select one from missed').catch(() => undefined), { timeout: 20_000 })
      .toEqual([{ one: 1 }]);
    await Promise.all([primary.stop(), standby.stop()]);
  });
});
