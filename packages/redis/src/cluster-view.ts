import type { Driver } from './driver.js';
import { RedisFailure } from './redis-failure.js';

/** What a node of a Cluster says of itself in CLUSTER NODES. */
export interface OwnView {
  readonly id: string;
  readonly isMaster: boolean;
  /** Which of two nodes that claim a slot has it: the greater. Grows when slots are taken over. */
  readonly epoch: number;
  /** From and to, inclusive. */
  readonly slots: readonly (readonly [from: number, to: number])[];
  /** Slots on their way between it and another node. */
  readonly moving: readonly Move[];
  /** The primaries that it knows to have slots, itself included, or to get some from it. */
  readonly masters: readonly string[];
}

interface Move {
  readonly slot: number;
  readonly from: string;
  readonly to: string;
}

/** The primaries by their id. */
export interface ClusterView {
  readonly nodes: ReadonlyMap<string, OwnView & { readonly driver: Driver }>;
}

/**
 * Parses lines such as `<id> 10.0.0.1:6379@16379 myself,master - 0 0 7 connected 0-99 101 [102->-<id>] [103-<-<id>]`: what
 * is in brackets is on its way to, or from, another node, and only a node's own line has it.
 */
export function parseOwnView(text: string): OwnView {
  const lines = text
    .split('\n')
    .map((line) => line.trim().split(' '))
    .filter(({ length }) => length >= 8);
  const own = lines.find(([, , flags]) => flags?.includes('myself')) ?? [];
  const [id = '', , flags = '', , , , epoch, , ...slots] = own;
  const moving = slots.flatMap((entry) => {
    const [, slot, arrow, other] = /^\[(\d+)-([<>])-(\w+)\]$/.exec(entry) ?? [];
    if (slot === undefined || other === undefined) return [];
    return arrow === '>' ? { slot: +slot, from: id, to: other } : { slot: +slot, from: other, to: id };
  });
  const served = lines.filter(
    ([, , flags, , , , , , ...ranges]) => flags?.includes('master') && ranges.length > 0,
  );
  return {
    id,
    isMaster: flags.includes('master'),
    epoch: Number(epoch),
    slots: slots
      .filter((entry) => !entry.startsWith('['))
      .map((entry) => {
        const [from, to = from] = entry.split('-').map(Number) as [number, number?];
        return [from, to] as const;
      }),
    moving,
    masters: [...served.map(([master]) => master as string), ...moving.map(({ to }) => to)],
  };
}

/** Which slots have moved, from what the nodes said of themselves at several times. */
export class Moves {
  readonly #bySlot = new Map<number, Move>();
  readonly #owners: Map<number, string>;
  view: ClusterView;

  constructor(view: ClusterView) {
    this.view = view;
    this.#owners = ownersIn(view);
    this.#noteMarked(view);
  }

  /** Giver and receiver of each move. */
  get pairs(): readonly (readonly [from: string, to: string])[] {
    return [...this.#bySlot.values()].map(({ from, to }) => [from, to] as const);
  }

  /** @throws RedisFailure if slots may have moved in a way that the views do not show. */
  follow(view: ClusterView): void {
    const receivers = new Set<string>();
    for (const [slot, to] of ownersIn(view)) {
      const from = this.#owners.get(slot) ?? to;
      this.#owners.set(slot, to);
      if (from === to) continue;
      receivers.add(to);
      this.#note({ slot, from, to });
    }
    this.#noteMarked(view);
    for (const [id, { epoch }] of view.nodes) {
      // A slot that went away and came back in between leaves no other trace.
      if (this.view.nodes.get(id)?.epoch !== epoch && !receivers.has(id)) throw toAndFro();
    }
    this.view = view;
  }

  #noteMarked({ nodes }: ClusterView): void {
    for (const { moving } of nodes.values()) for (const move of moving) this.#note(move);
  }

  #note(move: Move): void {
    const known = this.#bySlot.get(move.slot);
    if (known !== undefined && (known.from !== move.from || known.to !== move.to)) throw toAndFro();
    this.#bySlot.set(move.slot, move);
  }
}

/** Right after a move two nodes claim the slot: the views are not of one moment. */
function ownersIn({ nodes }: ClusterView): Map<number, string> {
  const owners = new Map<number, string>();
  const byEpoch = [...nodes.values()].sort((a, b) => a.epoch - b.epoch);
  for (const { id, slots } of byEpoch) {
    for (const [from, to] of slots) for (let slot = from; slot <= to; slot += 1) owners.set(slot, id);
  }
  return owners;
}

function toAndFro(): RedisFailure {
  return new RedisFailure('TRYAGAIN', 'slots of the Cluster moved to and fro during a scan');
}
