import {
  type RedisCluster,
  type RedisNode,
  startRedis,
  startRedisCluster,
} from '@session-stores/test-harness';
import { Cluster } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { one, opened, sample, within } from '../../../test-harness/src/own-tests/backend-calls.js';
import { freePort } from '../../../test-harness/src/servers/free-port.js';
import { describeWithServer } from '../../../test-harness/src/servers/needs.js';
import { RedisBackend } from '../src/index.js';
import { SlotMover } from './moving-slots.js';

/** Sessions of one slot. */
interface Group {
  readonly slot: number;
  readonly ids: readonly string[];
  readonly owner: RedisNode;
}

describeWithServer('redis-server', 'slots of a Cluster that move', () => {
  let cluster: RedisCluster;
  let mover: SlotMover;
  let client: Cluster;
  let backend: RedisBackend;
  /** Two of each master. */
  let groups: readonly Group[];
  let all: readonly string[];
  let tests = 0;

  beforeAll(async () => {
    // Nobody fails here, and a busy machine must not be mistaken for it.
    cluster = await startRedisCluster({ masters: 3, args: ['--cluster-node-timeout', '60000'] });
    mover = new SlotMover(cluster.nodes);
  }, 60_000);
  afterAll(async () => {
    mover.close();
    await cluster.stop();
  });

  beforeEach(async () => {
    await cluster.settled();
    client = new Cluster(cluster.nodes.map(({ host, port }) => ({ host, port })));
    client.on('error', () => {});
    tests += 1;
    [backend] = await opened(new RedisBackend({ client, prefix: `test ${tests}:` }));
    groups = await groupsOf(`test ${tests}:`);
    all = groups.flatMap(({ ids }) => ids);
    await backend.write(
      all.map((id) => sample({ id })),
      within(),
    );
  });
  afterEach(async () => {
    await backend.close();
    client.disconnect();
  });

  async function groupsOf(prefix: string): Promise<Group[]> {
    const found: Group[] = [];
    for (let tag = 0; found.length < 6; tag += 1) {
      const ids = Array.from({ length: 20 }, (_, i) => `{${tag}}${i}`);
      const key = `${prefix}${ids[0]}`;
      const [slot, owner] = [await mover.slotOf(key), await cluster.masterOf(key)];
      const mates = found.filter((group) => group.owner === owner);
      if (mates.length < 2 && mates.every((group) => group.slot !== slot)) found.push({ slot, ids, owner });
    }
    return found;
  }

  const shows = (page: readonly { id: string }[], group: Group) =>
    page.some(({ id }) => group.ids.includes(id));
  const groupsIn = (page: readonly { id: string }[]) => groups.filter((group) => shows(page, group));

  it('all of a batch is answered although the client does not know yet', async () => {
    const group = groups[0] as Group;
    const target = groups.find(({ owner }) => owner !== group.owner)?.owner as RedisNode;
    await mover.move(group.slot, group.owner, target);
    const records = await backend.read(all, within());
    expect(records.map((record) => record && 'id' in record && record.id)).toEqual(all);
  });

  it('what is at the one node and what is at the other already are both read, written and removed', async () => {
    const group = groups[0] as Group;
    const target = groups.find(({ owner }) => owner !== group.owner)?.owner as RedisNode;
    await mover.begin(group.slot, group.owner, target);
    await mover.moveKeys(group.slot, group.owner, target, 10);
    const records = await backend.read(group.ids, within());
    const updates = records.map((record) => {
      const { id, birth = '', revision } = record as { id: string; birth?: string; revision: string };
      return sample({ id, birth, expect: { revision } });
    });
    expect(await backend.write(updates, within())).toEqual(updates.map(() => ({ status: 'written' })));
    expect(await backend.count(within())).toBe(all.length);
    // A new session goes to where the slot goes to.
    const fresh = sample({ id: `${group.ids[0]}new` });
    expect(await one(backend.write([fresh], within()))).toEqual({ status: 'written' });
    expect(await one(backend.read([fresh.id], within()))).toMatchObject({ data: fresh.data });
    const removals = updates.map(({ id, birth }) => ({ id, birth, grace: 1_000 }));
    expect(await backend.remove(removals, within())).toEqual(removals.map(() => ({ status: 'removed' })));
    await mover.moveKeys(group.slot, group.owner, target);
    await mover.end(group.slot, target);
    expect(await backend.read(group.ids, within())).toEqual(group.ids.map(() => undefined));
  });

  it('a scan finds what moved to a node that it had finished with', async () => {
    const seen = new Set<string>();
    let moved: Group | undefined;
    for await (const page of backend.scan(within())) {
      for (const { id } of page) seen.add(id);
      if (moved !== undefined) continue;
      const [first] = groupsIn(page);
      moved = groups.find(({ owner }) => owner !== first?.owner) as Group;
      await mover.move(moved.slot, moved.owner, first?.owner as RedisNode);
    }
    expect([...seen].sort()).toEqual([...all].sort());
  });

  it('a scan, a count and a clear miss nothing while a slot is on its way, key by key', async () => {
    const target = groups[0]?.owner as RedisNode;
    const moving = groups.filter(({ owner }) => owner !== target);
    for (const { slot, owner } of moving) await mover.begin(slot, owner, target);
    const seen = new Set<string>();
    for await (const page of backend.scan(within())) {
      for (const { id } of page) seen.add(id);
      for (const { slot, owner } of moving) await mover.moveKeys(slot, owner, target, 7);
    }
    expect([...seen].sort()).toEqual([...all].sort());
    expect(await backend.count(within())).toBe(all.length);
    await backend.clear({ ...within(), grace: 0 });
    for (const { slot, owner } of moving) await mover.moveKeys(slot, owner, target);
    for (const { slot } of moving) await mover.end(slot, target);
    expect(await backend.count(within())).toBe(0);
  });

  it('a scan fails where slots moved to and fro behind it', async () => {
    const scan = async () => {
      let moved: Group | undefined;
      let to: RedisNode | undefined;
      for await (const page of backend.scan(within())) {
        if (moved === undefined || to === undefined) {
          const [first] = groupsIn(page);
          to = first?.owner as RedisNode;
          moved = groups.find(({ owner }) => owner !== to) as Group;
          await mover.move(moved.slot, moved.owner, to);
        } else if (groupsIn(page).some(({ owner }) => owner === moved?.owner)) {
          // Now it is not where it was when the first node was looked at, nor when this one was.
          await mover.move(moved.slot, to, moved.owner);
        }
      }
    };
    await expect(scan()).rejects.toMatchObject({ kind: 'TRYAGAIN', transient: true });
    expect(await backend.count(within())).toBe(all.length);
  });

  it('a scan fails where slots went to a node that is new; the next one finds them there', async () => {
    const node = await startRedis({
      args: ['--cluster-enabled', 'yes', '--cluster-port', `${await freePort()}`],
    });
    const admin = mover.add(node.port);
    const [first] = cluster.nodes;
    const bus = String(await admin.cluster('NODES')).match(/@(\d+)/)?.[1] as string;
    await mover.meet(first as RedisNode, node, bus);
    await expect.poll(() => admin.cluster('NODES'), { timeout: 15_000 }).toMatch(/(master.*\n.*){4}/);
    await expect.poll(() => admin.cluster('INFO'), { timeout: 15_000 }).toContain('cluster_state:ok');
    const [group] = groups;
    const scan = async () => {
      let moved = false;
      for await (const page of backend.scan(within(10_000))) {
        if (!moved && page.length > 0) await mover.move(group?.slot ?? 0, group?.owner as RedisNode, node);
        moved = true;
      }
    };
    await expect(scan()).rejects.toMatchObject({ kind: 'CLUSTERDOWN', transient: true });
    await expect
      .poll(() => backend.count(within()).catch((error: Error) => error.message), { timeout: 10_000 })
      .toBe(all.length);
    await mover.move(group?.slot ?? 0, node, group?.owner as RedisNode);
    await node.stop();
  }, 60_000);
});
