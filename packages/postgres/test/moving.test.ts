import { readFile } from 'node:fs/promises';
import pg from 'pg';
import { afterAll, expect, it } from 'vitest';
import { describeWithServer } from '../../../test-harness/src/servers/needs.js';
import { PostgresStore } from '../src/index.js';
import { newTable } from './samples.js';

describeWithServer('postgres', 'coming from connect-pg-simple', (url) => {
  type Session = Parameters<PostgresStore['set']>[1];
  const schema = newTable();
  const pool = new pg.Pool({ connectionString: url, options: `-c search_path=${schema}` });
  afterAll(() => pool.end());

  it('the statement of the README copies its live sessions, and leaves those that are here already', async () => {
    const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
    const [, section] = readme.split('## Coming from connect-pg-simple') as [string, string];
    const [, statement] = /```sql\n(.*?)```/s.exec(section) as RegExpExecArray;
    await pool.query(`create schema ${schema}`);
    // As connect-pg-simple's table.sql makes it.
    await pool.query(`create table session (
      sid varchar not null collate "default" primary key, sess json not null, expire timestamp(6) not null)`);
    const store = new PostgresStore({ pool });
    const made = { cookie: { originalMaxAge: 60_000 }, user: 'new' } as unknown as Session;
    await store.set('moved before', made);
    const sess = (user: string) => JSON.stringify({ cookie: { originalMaxAge: 3_600_000, path: '/' }, user });
    await pool.query(
      `insert into session values
        ('live', $1, now() + interval '1 hour'), ('over', $2, now() - interval '1 second'),
        ('moved before', $3, now() + interval '1 hour')`,
      [sess('ada'), sess('eve'), sess('old')],
    );
    await pool.query(statement as string);
    expect((await store.ids()).sort()).toEqual(['live', 'moved before']);
    expect(await store.get('moved before')).toMatchObject({ user: 'new' });
    const live = (await store.get('live')) as Session & { cart?: string[] };
    expect(live).toMatchObject({ user: 'ada', cookie: { path: '/' } });
    // It is a session like any other from then on.
    live.cart = ['tea'];
    await store.set('live', live);
    expect(await store.get('live')).toMatchObject({ user: 'ada', cart: ['tea'] });
    await store.destroy('live');
    await store.set('live', live);
    expect(await store.get('live')).toBeFalsy();
    await store.close();
  });
});
