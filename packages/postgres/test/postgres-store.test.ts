import { type PostgresServer, startFaultProxy, startPostgres } from '@session-stores/test-harness';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeWithServer } from '../../../test-harness/src/servers/needs.js';
import { RetryingPostgresStore } from '../src/index.js';
import { newTable } from './samples.js';

describeWithServer('postgres-server', 'RetryingPostgresStore', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.stop());

  const session = (user: string) =>
    ({ cookie: { originalMaxAge: 600_000 }, user }) as unknown as Parameters<RetryingPostgresStore['set']>[1];

  describe('an outage', () => {
    for (const [what, outage] of [
      ['the server is killed and started again', 'kill'],
      ['existing connections are silent for good', 'silence'],
      ['replies are cut off after the server did the work', 'cutReplies'],
      ['the network is gone for 0.7 s', 'refuse'],
      ['the network hangs for 3 s', 'hang'],
    ] as const) {
      it(`destroys for good while ${what}`, async () => {
        const proxy = await startFaultProxy(server.address);
        const url = server.url.replace(`:${server.port}/`, `:${proxy.address.port}/`);
        const store = new RetryingPostgresStore({ url, table: newTable() });
        await store.set('a', session('ada'));
        await store.set('b', session('bob'));
        if (outage === 'kill') await server.kill();
        else await proxy.setMode(outage);
        const destroyed = store.destroy('a');
        // How long the outage takes is what is tested.
        await new Promise((resolve) => setTimeout(resolve, outage === 'hang' ? 3_000 : 700));
        if (outage === 'kill') await server.restart();
        else if (outage !== 'silence') await proxy.setMode('pass');
        await destroyed;
        expect(await store.get('a')).toBeFalsy();
        expect(await store.get('b')).toMatchObject({ user: 'bob' });
        expect(await store.length()).toBe(1);
        await store.close();
        await proxy.close();
      }, 30_000);
    }
  });

  it('keeps what it acknowledged, written and destroyed, while the server is killed and started again', async () => {
    const table = newTable();
    const store = new RetryingPostgresStore({ url: server.url, table });
    const [written, destroyed] = [new Set<string>(), new Set<string>()];
    let over = false;
    const work = async (worker: number) => {
      for (let round = 0; !over; round++) {
        const id = `${worker}-${round}`;
        await store.set(id, session(id));
        written.add(id);
        if (round % 2 === 1) {
          await store.destroy(id);
          written.delete(id);
          destroyed.add(id);
        }
      }
    };
    const workers = Array.from({ length: 8 }, (_, worker) => work(worker));
    for (let kill = 0; kill < 2; kill++) {
      const before = written.size;
      await expect.poll(() => written.size, { timeout: 15_000 }).toBeGreaterThan(before + 40);
      await server.kill();
      await server.restart();
    }
    const before = written.size;
    await expect.poll(() => written.size, { timeout: 15_000 }).toBeGreaterThan(before + 40);
    over = true;
    await Promise.all(workers);
    const witness = new RetryingPostgresStore({ url: server.url, table });
    const left = new Set(await witness.ids());
    expect([...written].filter((id) => !left.has(id))).toEqual([]);
    expect([...destroyed].filter((id) => left.has(id))).toEqual([]);
    for (const id of [...destroyed].slice(-20)) expect(await witness.get(id)).toBeFalsy();
    await Promise.all([store.close(), witness.close()]);
  }, 60_000);

  it('reads, writes, touches and destroys one session with one round trip each', async () => {
    const pool = new pg.Pool({ connectionString: server.url, max: 1 });
    const store = new RetryingPostgresStore({ pool, table: newTable() });
    let trips = 0;
    const client = await pool.connect();
    const query = client.query.bind(client) as (...parameters: unknown[]) => unknown;
    client.query = ((...parameters: unknown[]) => {
      trips += 1;
      return query(...parameters);
    }) as typeof client.query;
    client.release();
    const tripsOf = async (work: () => Promise<unknown>): Promise<number> => {
      trips = 0;
      await work();
      return trips;
    };
    await store.set('a', session('ada'));
    const loaded = (await store.get('a')) as unknown as { cookie: never; count: number };
    expect(await tripsOf(() => store.get('a'))).toBe(1);
    loaded.count = 1;
    expect(await tripsOf(() => store.set('a', loaded))).toBe(1);
    expect(await tripsOf(() => store.touch('a', loaded))).toBe(1);
    expect(await tripsOf(() => store.destroy('a'))).toBe(1);
    await store.close();
    await pool.end();
  });
});
