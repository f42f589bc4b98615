import type { RedisNode } from '@session-stores/test-harness';
import { Redis } from 'ioredis';

/** Moves slots between masters of a Cluster, as `redis-cli --cluster reshard` does it, step by step. */
export class SlotMover {
  readonly #nodes = new Map<number, Redis>();

  constructor(nodes: readonly RedisNode[]) {
    for (const node of nodes) this.add(node.port);
  }

  add(port: number): Redis {
    const client = new Redis(port);
    this.#nodes.set(port, client);
    return client;
  }

  /** Makes `node` known to the cluster of which `member` is one; it has no slots yet. */
  async meet(member: RedisNode, node: RedisNode, busPort: string): Promise<void> {
    await this.#node(member).call('cluster', 'meet', node.host, node.port, busPort);
  }

  close(): void {
    for (const node of this.#nodes.values()) node.disconnect();
  }

  async slotOf(key: string): Promise<number> {
    const [node] = this.#nodes.values();
    return Number(await node?.cluster('KEYSLOT', key));
  }

  /** Both nodes know that the slot is on its way; no key has moved yet. */
  async begin(slot: number, from: RedisNode, to: RedisNode): Promise<void> {
    await this.#node(to).call('cluster', 'setslot', slot, 'importing', await this.#id(from));
    await this.#node(from).call('cluster', 'setslot', slot, 'migrating', await this.#id(to));
  }

  /** Moves at most so many keys of the slot. */
  async moveKeys(slot: number, from: RedisNode, to: RedisNode, count = 10_000): Promise<void> {
    const keys = (await this.#node(from).cluster('GETKEYSINSLOT', slot, count)) as string[];
    if (keys.length > 0)
      await this.#node(from).call('migrate', to.host, to.port, '', 0, 5_000, 'KEYS', ...keys);
  }

  async end(slot: number, to: RedisNode): Promise<void> {
    const id = await this.#id(to);
    await this.#node(to).call('cluster', 'setslot', slot, 'node', id);
    for (const node of this.#nodes.values()) {
      // A replica refuses; its master tells it.
      await node.call('cluster', 'setslot', slot, 'node', id).catch(() => {});
    }
  }

  async move(slot: number, from: RedisNode, to: RedisNode): Promise<void> {
    await this.begin(slot, from, to);
    await this.moveKeys(slot, from, to);
    await this.end(slot, to);
  }

  #node({ port }: RedisNode): Redis {
    return this.#nodes.get(port) as Redis;
  }

  async #id(node: RedisNode): Promise<string> {
    return String(await this.#node(node).cluster('MYID'));
  }
}
