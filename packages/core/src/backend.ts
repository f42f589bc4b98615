/**
 * The contract between a store and its storage. Whoever implements these primitives has a whole store:
 * `new SessionStore(backend)` adds callbacks, promises, time limits, retries, batching, merges and events.
 *
 * Words used below:
 * - *live*: stored and not expired. An expired record is absent in every primitive, to the millisecond.
 * - *birth*: names one life of an id. Made with the session, kept by every update of it. Another birth
 *   under the same id is another session.
 * - *grave*: what a removal leaves behind for its `grace`: an insert of that birth answers `gone`. It is how
 *   an insert that the network delivers twice, or late, cannot bring a destroyed session back. A grave is never read,
 *   listed or counted, and an insert of another birth replaces it, unless that is unanswered (see `RecordWrite`).
 * - *revision*: names one state of a record. Opaque: a backend stores it and compares it whole.
 *
 * | primitive | meets                                   | answers                        | and then stored is           |
 * | --------- | --------------------------------------- | ------------------------------ | ---------------------------- |
 * | write     | expects absent; nothing live, no grave  | written                        | the new record               |
 * |           | expects absent; a grave of its birth    | gone                           | unchanged                    |
 * |           | unanswered; a grave of another birth    | written; buried if it may have | the new record; unchanged    |
 * |           |                                         | taken the place of its own     |                              |
 * |           | expects absent; a live record           | conflict, with that record     | unchanged                    |
 * |           | expects r; live at revision r           | written                        | the new record               |
 * |           | expects r; live at another revision     | conflict, with that record     | unchanged                    |
 * |           | expects r; nothing live                 | gone                           | unchanged                    |
 * | touch     | live at its revision                    | touched                        | same data, the new expiry    |
 * |           | live at another revision                | changed, with that record      | unchanged                    |
 * |           | nothing live                            | gone                           | unchanged                    |
 * | remove    | live, of its birth (or no birth given)  | removed                        | nothing; its birth's grave   |
 * |           | live, of another birth                  | other, with that birth         | unchanged                    |
 * |           | nothing live, a birth given             | removed                        | that birth's grave           |
 * |           | nothing live, no birth given            | removed                        | unchanged                    |
 *
 * A record that is returned with a conflict must really be the current one, read in the same atomic step.
 */
export interface SessionBackend {
  /** What messages call this storage, for example `redis`. */
  readonly name: string;

  /**
   * `true`: when the promise of a call settles, the call has taken effect or never will, as in a storage inside this
   * process. Core then asks for graves only where an option of its own needs them.
   */
  readonly settlesAtOnce?: boolean;

  /**
   * `true`: calls that are made while another is under way do not slow it down, as on one connection whose server takes
   * them one after the other. Core then makes a second call of a kind beside the first once there is enough for both; otherwise
   * what comes meanwhile waits, and goes out together.
   */
  readonly pipelines?: boolean;

  /**
   * Ids of different routes never travel in one call, so that a part of the storage that falls silent, such as one shard
   * of several, holds up nobody else. Without it all ids have one route.
   */
  routeOf?(id: string): string;

  /**
   * Prepares the storage (connection, schema). Called before the first primitive, and again before a later one if it
   * failed. Must be safe in many processes at once.
   */
  open?(context: OpenContext): Promise<void>;

  /** Gives up what the backend opened itself. A client that the caller passed in stays open. */
  close(): Promise<void>;

  /** The live records in the order of `ids`; `undefined` where there is none. The ids are distinct. */
  read(ids: readonly string[], context: CallContext): Promise<readonly ReadAnswer[]>;

  /** Applies each write atomically under its expectation. The ids are distinct; answers are in order. */
  write(writes: readonly RecordWrite[], context: CallContext): Promise<readonly WriteAnswer[]>;

  /** Moves the expiry of records, never their data or revision. The ids are distinct; answers are in order. */
  touch(touches: readonly RecordTouch[], context: CallContext): Promise<readonly TouchAnswer[]>;

  /** Removes records. The ids are distinct; answers are in order. Removing what is not there is a success. */
  remove(removals: readonly RecordRemoval[], context: CallContext): Promise<readonly RemoveAnswer[]>;

  /** All live records, page by page, with no cursor held open between pages. A record appears at least once. */
  scan(context: CallContext): AsyncIterable<readonly SessionRecord[]>;

  /** How many records are live. Without it core counts by `scan`. */
  count?(context: CallContext): Promise<number>;

  /** Removes every record of this store and of no other, leaving graves of `grace` ms. Without it: `scan` and `remove`. */
  clear?(context: ClearContext): Promise<void>;

  /** Deletes at most `limit` expired records and resolves to how many. Only where the server does not expire by itself, which `open` may find out. */
  prune?(limit: number, context: CallContext): Promise<number>;

  /**
   * Tells `listener` what others change, for as long as it is watched: what a cache in this process stands on. Only where
   * the storage has such a channel between processes. It need not wait until the channel is up. Rejects where there is
   * something that somebody has to mend first.
   */
  watch?(listener: ChangeListener, context: WatchContext): Promise<Watch>;

  /** Ms by which an `expiresAt` can be wrong, where it was converted from the clock of a server. Without it 0. */
  readonly expiryUncertainty?: number;

  /** Whether a failure that a primitive rejected with, or answered, may pass by itself and is worth another try. */
  isTransient(error: unknown): boolean;
}

export interface CallContext {
  /**
   * Aborts when the time of this call is up. The backend then gives the connection up, so that the next call does not
   * wait behind a silent one; core has already stopped waiting.
   */
  readonly signal: AbortSignal;
  /**
   * Where it is there, every live record that this call updates, touches or removes is told to all who watch the storage,
   * in the same atomic step: by its `recordName` and never by its id, and with this text, by which the caller knows its
   * own changes. Only for backends that have `watch`, and not for those that see changes by themselves.
   */
  readonly announceAs?: string;
}

export interface OpenContext extends CallContext {
  /** To be called with the id of a live record that the backend dropped to stay within its size. */
  readonly onEvicted: (id: string) => void;
  /** To be called with a failure that belongs to no call, for example of an idle connection. */
  readonly onError: (error: unknown) => void;
}

/** Who watches a storage. Moments are those of `performance.now()`. */
export interface ChangeListener {
  /** These records changed. `names`: their `recordName`s. `by`: the `announceAs` of the call that did it, if it is known. */
  changed(names: readonly string[], by?: string): void;
  /** Every change that was answered before `moment` has been told; from now on every change is told. */
  toldUntil(moment: number): void;
  /** Any record may have changed, and changes are not told until `toldUntil` is called again. */
  lost(): void;
}

export interface WatchContext {
  /** To be called with a failure of the channel, once an outage. */
  readonly onError: (error: unknown) => void;
}

export interface Watch {
  /**
   * Called before a record is shown that was read earlier, and before one is read that is to be kept. A storage that can
   * be asked at once whether anything changed tells it here, instead of by a channel.
   */
  catchUp?(): void;
  /** Ends it and gives up what it opened. */
  stop(): Promise<void>;
}

export interface ClearContext extends CallContext {
  /** How long the removed births are refused, in ms. */
  readonly grace: number;
}

export interface SessionRecord {
  readonly id: string;
  /** The serialized session. */
  readonly data: string;
  /** `undefined`: written by a store that knows no births. */
  readonly birth: string | undefined;
  /**
   * Where a foreign store wrote the record, the backend derives one from what is stored (a hash); its first twelve
   * characters have to tell it apart.
   */
  readonly revision: string;
  /** Epoch ms on the clock of this process; a backend whose server keeps the time converts. `Infinity`: never. */
  readonly expiresAt: number;
}

export interface Expiry {
  /** Ms from now, on the clock that the backend uses. Positive if `exact`. */
  readonly in: number;
  /** `true`: the expiry is set outright. `false`: at least that; a live record never expires earlier than it would have. */
  readonly exact: boolean;
}

export interface RecordWrite {
  readonly id: string;
  readonly data: string;
  readonly birth: string;
  /** The revision after this write: fresh, made by the writer. */
  readonly revision: string;
  readonly expiry: Expiry;
  /** The revision that must be stored now, or that nothing live is. */
  readonly expect: 'absent' | { readonly revision: string };
  /**
   * `true`: it expects absent, and was sent before and not answered. It may have been applied and its session removed, and
   * where a storage has room for one grave of an id, a session that had the id since has taken the place of that one.
   */
  readonly unanswered?: boolean;
}

export interface RecordTouch {
  readonly id: string;
  readonly revision: string;
  readonly expiry: Expiry;
}

export interface RecordRemoval {
  readonly id: string;
  /** Remove only this life of the id. Without it: whatever is there, and its birth goes to the grave. */
  readonly birth?: string;
  /** How long an insert of the removed birth is refused, in ms; 0: leave no grave. */
  readonly grace: number;
}

/** One item of a call failed; the others did not. */
export interface ItemError {
  readonly status: 'error';
  readonly error: unknown;
}

export type ReadAnswer = SessionRecord | undefined | ItemError;

export type WriteAnswer =
  | { readonly status: 'written' }
  | {
      readonly status: 'conflict';
      readonly current: SessionRecord;
      /** The storage cannot tell whether this write was applied before others wrote what is current. */
      readonly unsure?: boolean;
    }
  | { readonly status: 'gone' }
  /** Of an insert that is `unanswered`: the storage cannot tell whether it was applied, and its session removed. */
  | { readonly status: 'buried' }
  | ItemError;

export type TouchAnswer =
  | { readonly status: 'touched' }
  | { readonly status: 'changed'; readonly current: SessionRecord }
  | { readonly status: 'gone' }
  | ItemError;

export type RemoveAnswer =
  | { readonly status: 'removed' }
  | { readonly status: 'other'; readonly birth: string | undefined }
  | ItemError;
