import { randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { ChangeListener, SessionRecord } from './backend.js';
import type { CacheSettings } from './cache-options.js';
import { recordName } from './errors.js';

/**
 * Ms for which a record may be shown after the moment until which all changes are known: the longest that a session can be
 * shown after it was destroyed elsewhere, whatever the channel does.
 */
export const leaseTime = 2_000;

interface Entry {
  readonly name: string;
  readonly record: SessionRecord;
  /** By the clock that nobody sets, in ms. */
  readonly until: number;
  /** Epoch ms. */
  readonly expiresBy: number;
}

/**
 * A call on its way whose answer may be kept. What changes meanwhile is not: nobody knows whether the answer is from before
 * or after it.
 */
export interface OpenCall {
  keep(record: SessionRecord): void;
  end(): void;
}

/**
 * The records that were used last, as far as all changes of them are known. Moments are those of `performance.now()`,
 * which nobody can set back.
 */
export class RecordCache implements ChangeListener {
  readonly #entries: LRUCache<string, Entry>;
  readonly #idOf = new Map<string, string>();
  readonly #calls = new Set<Call>();
  readonly #maxAge: number;
  readonly #uncertainty: () => number;
  #own = randomBytes(9).toString('base64url');
  /** `undefined`: changes are not told. */
  #toldUntil: number | undefined;

  /** `uncertainty`: ms by which the expiry of a record can be wrong. */
  constructor({ maxEntries, maxAge }: CacheSettings, uncertainty: () => number) {
    this.#entries = new LRUCache<string, Entry>({
      max: maxEntries,
      dispose: ({ name }) => this.#idOf.delete(name),
    });
    this.#maxAge = maxAge;
    this.#uncertainty = uncertainty;
  }

  /** What changes of this process are announced as. */
  get own(): string {
    return this.#own;
  }

  /**
   * The outcome of a call of this process is unknown: it may take effect at any time from now on. So what was announced under
   * the name until now counts as a change by others.
   */
  disown(): void {
    this.#own = randomBytes(9).toString('base64url');
  }

  has(id: string): boolean {
    return this.#entries.has(id);
  }

  /** The record, if it is certain that it is not older than the lease. */
  get(id: string): SessionRecord | undefined {
    const entry = this.#entries.get(id);
    if (entry === undefined) {
      return undefined;
    }
    const now = performance.now();
    if (now >= entry.until || Date.now() >= entry.expiresBy) {
      this.#entries.delete(id);
      return undefined;
    }
    const isKnown = this.#toldUntil !== undefined && now - this.#toldUntil < leaseTime;
    return isKnown ? entry.record : undefined;
  }

  /** To be called before the call is sent. */
  begin(): OpenCall {
    const call: Call = new Call(
      this.#toldUntil === undefined,
      (record) => this.#keep(record, call),
      () => this.#calls.delete(call),
    );
    this.#calls.add(call);
    return call;
  }

  /** A call of this process is about to change the record, or has. `by`: that call. */
  forget(id: string, by: OpenCall): void {
    this.#entries.delete(id);
    for (const call of this.#calls) {
      if (call !== by) {
        call.changed.add(id);
      }
    }
  }

  changed(names: readonly string[], by?: string): void {
    if (by === this.#own) {
      return;
    }
    for (const name of names) {
      const id = this.#idOf.get(name);
      if (id !== undefined) {
        this.#entries.delete(id);
      }
      for (const call of this.#calls) {
        call.changed.add(name);
      }
    }
  }

  toldUntil(moment: number): void {
    this.#toldUntil = Math.max(this.#toldUntil ?? moment, moment);
  }

  lost(): void {
    this.#toldUntil = undefined;
    this.forgetAll();
  }

  forgetAll(): void {
    this.#entries.clear();
    for (const call of this.#calls) {
      call.allChanged = true;
    }
  }

  #keep(record: SessionRecord, { begun, allChanged, changed }: Call): void {
    const { id } = record;
    const name = recordName(id);
    if (allChanged || changed.has(id) || changed.has(name)) {
      return;
    }
    const expiresBy = record.expiresAt - this.#uncertainty();
    const until = Math.min(begun + this.#maxAge, performance.now() + expiresBy - Date.now());
    // Two ids of one name: only one of them would be found when it changes.
    const namesake = this.#idOf.get(name);
    if (namesake !== undefined) {
      this.#entries.delete(namesake);
    }
    this.#entries.set(id, { name, record, until, expiresBy });
    this.#idOf.set(name, id);
  }
}

class Call implements OpenCall {
  readonly begun = performance.now();
  /** Ids and names. */
  readonly changed = new Set<string>();
  readonly keep: (record: SessionRecord) => void;
  readonly end: () => void;
  allChanged: boolean;

  constructor(allChanged: boolean, keep: (record: SessionRecord) => void, end: () => void) {
    this.allChanged = allChanged;
    this.keep = keep;
    this.end = end;
  }
}
