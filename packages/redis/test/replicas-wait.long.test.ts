import {
  type RedisCluster,
  type RedisNode,
  type RedisServer,
  startRedis,
  startRedisCluster,
} from '@session-stores/test-harness';
import { Cluster, Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { one, opened, sample, within } from '../../../test-harness/src/own-tests/backend-calls.js';
import { describeWithServer } from '../../../test-harness/src/servers/needs.js';
import { RedisBackend, RedisStore } from '../src/index.js';
import { all, ioredis6 } from './applications.js';
import { SlotMover } from './moving-slots.js';

const expiry = { in: 60_000, exact: true };

describeWithServer('redis-server', 'replicas: 1, on a primary with one', () => {
  let primary: RedisServer;
  let replica: RedisServer;
  let admin: Redis;
  const ends: (() => unknown)[] = [];

  beforeAll(async () => {
    primary = await startRedis({ args: ['--repl-diskless-sync-delay', '0'] });
    replica = await startRedis({ args: ['--replicaof', `127.0.0.1 ${primary.port}`] });
    admin = new Redis(primary.port);
  });
  beforeEach(async () => {
    await admin.set('replicated', 'yes');
    expect(await admin.wait(1, 5_000)).toBe(1);
  });
  afterEach(async () => {
    replica.resume();
    for (const end of ends.splice(0)) await end();
  });
  afterAll(async () => {
    admin.disconnect();
    await replica.stop();
    await primary.stop();
  });

  async function backendOn(connect = ioredis6, replicas = 1): Promise<RedisBackend> {
    const { client } = connect({ port: primary.port });
    const [backend] = await opened(new RedisBackend({ client, replicas }));
    ends.push(() => backend.close());
    return backend;
  }

  for (const [name, connect] of all) {
    it(`what is acknowledged is on the replica already, with ${name}`, async () => {
      const backend = await backendOn(connect);
      const mirror = new Redis(replica.port);
      for (let i = 0; i < 50; i += 1) {
        const write = sample();
        expect(await one(backend.write([write], within()))).toEqual({ status: 'written' });
        expect(await mirror.exists(`sess:${write.id}`)).toBe(1);
        const { id, birth } = write;
        expect(await one(backend.remove([{ id, birth, grace: 0 }], within()))).toEqual({ status: 'removed' });
        expect(await mirror.exists(`sess:${write.id}`)).toBe(0);
      }
      mirror.disconnect();
    });

    it(`what a replica that hangs does not acknowledge is not done, and can be tried again, with ${name}`, async () => {
      const backend = await backendOn(connect);
      const write = sample();
      await backend.write([write], within());
      const removal = { id: write.id, birth: write.birth, grace: 60_000 };
      // What was written so far: a WAIT that came before its command would have nothing to wait for.
      expect(await admin.set('replicated', 'again')).toBe('OK');
      expect(await admin.wait(1, 5_000)).toBe(1);
      replica.pause();
      const unsure = { kind: 'NOREPLICAS', transient: true };
      await expect(backend.remove([removal], within())).rejects.toMatchObject(unsure);
      await expect(backend.write([sample()], within())).rejects.toMatchObject(unsure);
      // By another connection too, for which there is nothing left to do.
      const other = await backendOn(connect);
      await expect(other.remove([removal], within())).rejects.toMatchObject(unsure);
      replica.resume();
      expect(await one(backend.remove([removal], within()))).toEqual({ status: 'removed' });
    });
  }

  it('reads and touches do not wait behind what waits for the replica', async () => {
    const backend = await backendOn();
    const write = sample();
    await backend.write([write], within());
    replica.pause();
    let answered = false;
    const waiting = backend.write([sample()], within()).catch((error: unknown) => {
      answered = true;
      return error;
    });
    expect(await one(backend.read([write.id], within()))).toMatchObject({ data: write.data });
    const { id, revision } = write;
    expect(await one(backend.touch([{ id, revision, expiry }], within()))).toEqual({ status: 'touched' });
    expect(answered).toBe(false);
    expect(await waiting).toMatchObject({ kind: 'NOREPLICAS' });
  });

  it('whatever is answered, a write of its own goes before the WAIT, and changes nothing', async () => {
    const backend = await backendOn();
    const [mortal, eternal] = [sample(), sample({ expiry: { in: Number.POSITIVE_INFINITY, exact: true } })];
    await backend.write([mortal, eternal], within());
    const dead = sample();
    await backend.remove([{ id: dead.id, birth: dead.birth, grace: 60_000 }], within());
    const state = async () => ({
      values: await admin.mget([mortal, eternal, dead].map(({ id }) => `sess:${id}`)),
      eternal: await admin.pttl(`sess:${eternal.id}`),
    });
    const before = await state();
    const left = await admin.pttl(`sess:${mortal.id}`);
    const asks: Record<string, () => Promise<readonly { status: string }[]>> = {
      conflict: () => backend.write([{ ...mortal, birth: 'b', revision: 'r' }], within()),
      'conflict of what never expires': () => backend.write([{ ...eternal, birth: 'b' }], within()),
      'another revision': () => backend.write([{ ...mortal, expect: { revision: 'other' } }], within()),
      'another life': () => backend.remove([{ id: mortal.id, birth: 'other', grace: 1 }], within()),
      'a grave that lasts': () => backend.remove([{ id: dead.id, birth: dead.birth, grace: 1 }], within()),
      nothing: () => backend.remove([{ id: 'nothing', grace: 0 }], within()),
      'nothing of a birth': () => backend.remove([{ id: 'nothing', birth: 'b', grace: 0 }], within()),
    };
    for (const [what, ask] of Object.entries(asks)) {
      const writes = await writesSoFar();
      const { status } = (await ask())[0] ?? {};
      expect(status).toMatch(/^(conflict|other|removed)$/);
      expect(await writesSoFar(), what).toBeGreaterThan(writes);
    }
    expect(await state()).toEqual(before);
    expect(await admin.pttl(`sess:${mortal.id}`)).toBeLessThanOrEqual(left);
    expect(await admin.pttl(`sess:${mortal.id}`)).toBeGreaterThan(left - 5_000);
    expect(await admin.exists('sess:nothing')).toBe(0);
  });

  /** How many commands that replicas are sent too have been executed. */
  async function writesSoFar(): Promise<number> {
    const calls = (await admin.info('commandstats')).matchAll(/cmdstat_(?:set|append|pexpire):calls=(\d+)/g);
    return [...calls].reduce((sum, [, count]) => sum + Number(count), 0);
  }

  it('more replicas than there are never acknowledge', async () => {
    const backend = await backendOn(ioredis6, 2);
    await expect(backend.write([sample()], within())).rejects.toMatchObject({
      kind: 'NOREPLICAS',
      message: expect.stringContaining('1 of 2'),
    });
  });

  it('a destroy that is not acknowledged hides the session, and is done when the replica is back', async () => {
    const store = new RedisStore({ client: new Redis(primary.port, { lazyConnect: true }), replicas: 1 });
    store.on('storeError', () => {});
    ends.push(() => store.close());
    await store.set('a', { cookie: { originalMaxAge: 60_000 }, user: 'ada' } as never);
    replica.pause();
    await expect(store.destroy('a')).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' });
    expect(await store.get('a')).toBeUndefined();
    replica.resume();
    const mirror = new Redis(replica.port);
    await expect.poll(() => mirror.get('sess:a'), { timeout: 5_000 }).toMatch(/^0e/);
    mirror.disconnect();
  });
});

describeWithServer('redis-server', 'replicas: 1, on a Cluster', () => {
  let cluster: RedisCluster;
  let mover: SlotMover;
  let backend: RedisBackend;
  beforeAll(async () => {
    // No master fails here, and a busy machine must not be mistaken for it.
    const args = ['--cluster-node-timeout', '60000'];
    cluster = await startRedisCluster({ masters: 3, replicas: 1, args });
    mover = new SlotMover(cluster.nodes);
    const client = new Cluster([...cluster.nodes], { lazyConnect: true });
    [backend] = await opened(new RedisBackend({ client, replicas: 1 }));
  }, 60_000);
  afterAll(async () => {
    await backend?.close();
    mover?.close();
    await cluster?.stop();
  });

  /** A key of another master than this one's. */
  async function elsewhere(key: string): Promise<RedisNode> {
    const { port } = await cluster.masterOf(key);
    for (let i = 0; ; i += 1) {
      const master = await cluster.masterOf(`${i}`);
      if (master.port !== port) return master;
    }
  }

  it('what is acknowledged is on the replica of its shard already', async () => {
    const writes = Array.from({ length: 30 }, () => sample());
    expect(await backend.write(writes, within())).toEqual(writes.map(() => ({ status: 'written' })));
    for (const { id } of writes) {
      const [node] = await cluster.replicasOf(`sess:${id}`);
      const mirror = new Redis(node?.port ?? 0);
      await mirror.readonly();
      expect(await mirror.exists(`sess:${id}`)).toBe(1);
      mirror.disconnect();
    }
  });

  it('a shard whose replica hangs acknowledges nothing, the others do', async () => {
    const writes = Array.from({ length: 12 }, () => sample());
    const [replica] = await cluster.replicasOf(`sess:${writes[0]?.id}`);
    const master = await cluster.masterOf(`sess:${writes[0]?.id}`);
    replica?.pause();
    for (const write of writes) {
      const same = (await cluster.masterOf(`sess:${write.id}`)) === master;
      const answer = await one(backend.write([write], within())).catch((error: unknown) => error);
      expect(answer).toMatchObject(same ? { kind: 'NOREPLICAS' } : { status: 'written' });
    }
    replica?.resume();
    await cluster.settled();
  }, 30_000);

  it('scripts that were forgotten are loaded again', async () => {
    const write = sample();
    const admin = new Redis((await cluster.masterOf(`sess:${write.id}`)).port);
    await admin.script('FLUSH');
    admin.disconnect();
    expect(await one(backend.write([write], within()))).toEqual({ status: 'written' });
  });

  it('a slot that has moved is followed, one that is on its way passes', async () => {
    const write = sample({ id: '{moving}' });
    await backend.write([write], within());
    const [from, to] = [await cluster.masterOf('{moving}'), await elsewhere('{moving}')];
    const slot = await mover.slotOf('{moving}');
    await mover.begin(slot, from, to);
    await mover.moveKeys(slot, from, to);
    const update = sample({ id: write.id, birth: write.birth, expect: { revision: write.revision } });
    await expect(backend.write([update], within())).rejects.toMatchObject({ kind: 'ASK', transient: true });
    expect(await one(backend.read([write.id], within()))).toMatchObject({ data: write.data });
    await mover.end(slot, to);
    expect(await one(backend.write([update], within()))).toEqual({ status: 'written' });
    const { id, birth } = update;
    expect(await one(backend.remove([{ id, birth, grace: 60_000 }], within()))).toEqual({
      status: 'removed',
    });
  });
});
