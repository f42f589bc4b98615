import { setImmediate } from 'node:timers/promises';
import {
  atOnce,
  type CallContext,
  type ClearContext,
  type Expiry,
  InvalidOptionError,
  type OpenContext,
  type ReadAnswer,
  type RecordRemoval,
  type RecordTouch,
  type RecordWrite,
  type RemoveAnswer,
  type SessionBackend,
  type SessionRecord,
  type TouchAnswer,
  type WriteAnswer,
} from '@session-stores/core';
import { Graves } from './graves.js';
import { type Entry, Records, recordOf } from './records.js';

export interface MemoryBackendOptions {
  /**
   * How many sessions are kept, from 1. No limit by default. An insert beyond it evicts the session that expires first, with the
   * event `evicted`; the session that is being inserted is never the one.
   */
  readonly maxEntries?: number | undefined;
}

/** Small enough that a page of a scan holds up nobody. */
const pageSize = 500;

/** Records in the memory of this process. A call has taken effect when it returns its promise. */
export class MemoryBackend implements SessionBackend {
  readonly name = 'memory';
  readonly settlesAtOnce = true;
  readonly #records: Records;
  readonly #graves = new Graves();
  #onEvicted: (id: string) => void = () => {};

  /** Throws `InvalidOptionError`. */
  constructor(options: MemoryBackendOptions = {}) {
    const { maxEntries } = options;
    if (maxEntries !== undefined && !(Number.isSafeInteger(maxEntries) && maxEntries >= 1)) {
      throw new InvalidOptionError(
        "MemoryStore: option 'maxEntries' must be a whole number from 1; leave it out for no limit",
      );
    }
    this.#records = new Records(maxEntries ?? Number.POSITIVE_INFINITY);
  }

  async open({ onEvicted }: OpenContext): Promise<void> {
    this.#onEvicted = onEvicted;
  }

  async close(): Promise<void> {
    this.#records.clear();
    this.#graves.clear();
  }

  read(ids: readonly string[], context: CallContext): Promise<readonly ReadAnswer[]> {
    return this.#answer(context, ids, (id, now): ReadAnswer => {
      const live = this.#records.live(id, now);
      return live && recordOf(live);
    });
  }

  write(writes: readonly RecordWrite[], context: CallContext): Promise<readonly WriteAnswer[]> {
    return this.#answer(context, writes, (write, now) => this.#write(write, now));
  }

  touch(touches: readonly RecordTouch[], context: CallContext): Promise<readonly TouchAnswer[]> {
    return this.#answer(context, touches, ({ id, revision, expiry }, now): TouchAnswer => {
      const live = this.#records.live(id, now);
      if (live === undefined) return { status: 'gone' };
      if (live.revision !== revision) return { status: 'changed', current: recordOf(live) };
      this.#records.move(live, expiryOf(expiry, now, live));
      return { status: 'touched' };
    });
  }

  remove(removals: readonly RecordRemoval[], context: CallContext): Promise<readonly RemoveAnswer[]> {
    return this.#answer(context, removals, ({ id, birth, grace }, now): RemoveAnswer => {
      const live = this.#records.live(id, now);
      if (live !== undefined && birth !== undefined && live.birth !== birth) {
        return { status: 'other', birth: live.birth };
      }
      if (live !== undefined) this.#records.remove(live);
      const buried = birth ?? live?.birth;
      if (buried !== undefined) this.#graves.dig(id, buried, grace, now);
      return { status: 'removed' };
    });
  }

  async *scan({ signal }: CallContext): AsyncGenerator<readonly SessionRecord[]> {
    let page: SessionRecord[] = [];
    for (const entry of this.#records.all()) {
      if (page.length === 0) signal.throwIfAborted();
      if (entry.expiresAt <= Date.now()) continue;
      page.push(recordOf(entry));
      if (page.length < pageSize) continue;
      yield page;
      page = [];
      await setImmediate(); // Requests that came meanwhile go first.
    }
    signal.throwIfAborted();
    if (page.length > 0) yield page;
  }

  async count({ signal }: CallContext): Promise<number> {
    signal.throwIfAborted();
    return this.#records.count(Date.now());
  }

  async clear({ signal, grace }: ClearContext): Promise<void> {
    signal.throwIfAborted();
    const now = Date.now();
    if (grace > 0) {
      for (const { id, birth, expiresAt } of this.#records.all()) {
        if (expiresAt > now) this.#graves.dig(id, birth, grace, now);
      }
    }
    this.#records.clear();
  }

  /** Graves whose grace has ended go too, and count. */
  async prune(limit: number, { signal }: CallContext): Promise<number> {
    signal.throwIfAborted();
    const now = Date.now();
    const pruned = this.#records.prune(limit, now);
    return pruned + this.#graves.prune(limit - pruned, now);
  }

  isTransient(): boolean {
    return false;
  }

  #answer<Item, Answer>(
    { signal }: CallContext,
    items: readonly Item[],
    answer: (item: Item, now: number) => Answer,
  ): Promise<readonly Answer[]> {
    if (signal.aborted) return Promise.reject(signal.reason);
    const now = Date.now();
    return atOnce(items.map((item) => answer(item, now)));
  }

  #write(write: RecordWrite, now: number): WriteAnswer {
    const { id, birth, expiry, expect } = write;
    const live = this.#records.live(id, now);
    if (live === undefined) {
      if (expect !== 'absent' || this.#graves.has(id, birth, now)) return { status: 'gone' };
      for (const evicted of this.#records.insert(write, expiryOf(expiry, now), now)) this.#onEvicted(evicted);
      return { status: 'written' };
    }
    if (expect === 'absent' || live.revision !== expect.revision) {
      return { status: 'conflict', current: recordOf(live) };
    }
    this.#records.update(live, write, expiryOf(expiry, now, live));
    return { status: 'written' };
  }
}

function expiryOf({ in: milliseconds, exact }: Expiry, now: number, live?: Entry): number {
  const expiresAt = now + milliseconds;
  return exact || live === undefined ? expiresAt : Math.max(expiresAt, live.expiresAt);
}
