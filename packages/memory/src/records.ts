import type { RecordWrite, SessionRecord } from '@session-stores/core';
import { type Expiring, ExpiryHeap } from './expiry-heap.js';

/** A record that is stored. It changes in place, so nobody outside gets hold of it. */
export interface Entry extends Expiring {
  readonly id: string;
  /** Counts the inserts, so that a scan knows what came after it began. */
  readonly number: number;
  data: string;
  birth: string;
  revision: string;
}

/** An insert takes so many expired records with it: more than it adds, so that they cannot pile up without a sweeper. */
const expiredPerInsert = 2;

/** The records by id and by expiry. */
export class Records {
  readonly #entries = new Map<string, Entry>();
  readonly #byExpiry = new ExpiryHeap<Entry>();
  readonly #maxEntries: number;
  #inserts = 0;

  constructor(maxEntries: number) {
    this.#maxEntries = maxEntries;
  }

  live(id: string, now: number): Entry | undefined {
    const entry = this.#entries.get(id);
    return entry !== undefined && entry.expiresAt > now ? entry : undefined;
  }

  /** Puts the record where nothing is live, and returns the ids of live records that had to make room for it. */
  insert({ id, data, birth, revision }: RecordWrite, expiresAt: number, now: number): string[] {
    const leftover = this.#entries.get(id);
    if (leftover !== undefined) this.remove(leftover);
    this.prune(expiredPerInsert, now);
    const evicted: string[] = [];
    while (this.#entries.size >= this.#maxEntries) {
      const first = this.#byExpiry.first as Entry;
      if (first.expiresAt > now) evicted.push(first.id);
      this.remove(first);
    }
    const entry: Entry = { id, number: ++this.#inserts, data, birth, revision, expiresAt, place: 0 };
    this.#entries.set(id, entry);
    this.#byExpiry.add(entry);
    return evicted;
  }

  update(entry: Entry, { data, birth, revision }: RecordWrite, expiresAt: number): void {
    entry.data = data;
    entry.birth = birth;
    entry.revision = revision;
    this.move(entry, expiresAt);
  }

  move(entry: Entry, expiresAt: number): void {
    this.#byExpiry.move(entry, expiresAt);
  }

  remove(entry: Entry): void {
    this.#entries.delete(entry.id);
    this.#byExpiry.remove(entry);
  }

  /** Deletes at most `limit` expired records. */
  prune(limit: number, now: number): number {
    let pruned = 0;
    for (let first = this.#byExpiry.first; pruned < limit; first = this.#byExpiry.first) {
      if (first === undefined || first.expiresAt > now) break;
      this.remove(first);
      pruned++;
    }
    return pruned;
  }

  /** How many are live. What has expired goes on the way, which costs no more than a sweep of it would. */
  count(now: number): number {
    this.prune(Number.POSITIVE_INFINITY, now);
    return this.#entries.size;
  }

  /** The entries that are there now, expired ones too. Those that are inserted meanwhile are left out, or it might never end. */
  *all(): Generator<Entry> {
    const last = this.#inserts;
    for (const entry of this.#entries.values()) {
      if (entry.number > last) return;
      yield entry;
    }
  }

  clear(): void {
    this.#entries.clear();
    this.#byExpiry.clear();
  }
}

export function recordOf({ id, data, birth, revision, expiresAt }: Entry): SessionRecord {
  return { id, data, birth, revision, expiresAt };
}
