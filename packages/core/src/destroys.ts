import type { CallContext } from './backend.js';
import type { BackendCalls } from './calls.js';
import { Deletions, type PendingDeletion } from './deletions.js';
import { recordName, SessionStoreError } from './errors.js';
import { type Emit, record } from './events.js';
import type { Journal } from './journal.js';
import { openJournal } from './journal-opening.js';
import type { Lanes } from './lane.js';
import { type Lives, longestLateness } from './lives.js';
import { Operation } from './operation.js';
import type { Settings } from './options.js';
import { copiedBirth } from './provenance.js';
import { type RemovalRules, Removals } from './removal.js';
import { removeAll } from './remove-all.js';
import type { Retried } from './retry.js';
import type { Refusal } from './running.js';
import { TimeLimit } from './time-limit.js';

const notRemembered: Refusal = {
  code: 'DELETIONS_FULL',
  message:
    'destroy: too many calls are under way for this one, and too many others are pending to go on with it in the background; destroy it again when the storage is back',
};

/** What `close` resolves to. */
export interface CloseReport {
  /** The short hashes of the sessions whose destroy was given up and could not be completed either. */
  readonly unfinishedDeletions: readonly string[];
}

/** Destroying sessions, and standing by it: a destroy that was given up hides its session and goes on. */
export class Destroys {
  readonly #calls: BackendCalls;
  readonly #lives: Lives;
  readonly #lanes: Lanes;
  readonly #settings: Settings;
  readonly #emit: Emit;
  readonly #removals: Removals;
  readonly #grace: number;
  readonly #graceOf: (id: string) => number;
  readonly #deletions: Deletions;
  readonly #journal: Journal | undefined;

  constructor(
    calls: BackendCalls,
    lives: Lives,
    lanes: Lanes,
    settings: Settings,
    emit: Emit,
    retried: Retried,
  ) {
    this.#calls = calls;
    this.#lives = lives;
    this.#lanes = lanes;
    this.#settings = settings;
    this.#emit = emit;
    const needsGraves = calls.backend.settlesAtOnce !== true || settings.copiedSessions;
    const longest = longestLateness(settings.operationTimeout);
    this.#grace = needsGraves ? longest : 0;
    const rules: RemovalRules = {
      graceOf: (id) =>
        Math.max(lives.lateBirths(id).size > 0 ? longest : this.#grace, this.#deletions.of(id)?.grace ?? 0),
      birthOf: (id) => (settings.copiedSessions ? copiedBirth(id) : undefined),
    };
    this.#graceOf = rules.graceOf;
    this.#removals = new Removals(calls, lives, rules, retried);
    const once = new Removals(calls, lives, rules, (_, attempt) => attempt());
    const attemptLimit = new TimeLimit(settings.policy?.attemptTimeout ?? settings.operationTimeout).last();
    this.#deletions = new Deletions((pending) => {
      const operation = new Operation('destroy', pending.id, attemptLimit);
      return this.#lanes
        .exclusive(pending.id, operation, () => this.#complete(operation, pending.id, once))
        .finally(() => operation.end());
    });
    this.#journal = openJournal(settings, emit);
    for (const { id, birth, begun, grace } of this.#journal?.entries ?? []) {
      this.#deletions.restore({ id, birth, begun, grace });
    }
  }

  /** Resolves when no session of this id is left. */
  async destroy(operation: Operation, id: string): Promise<void> {
    const moment = this.#lives.now();
    const pending = this.#deletions.of(id);
    const begun = Date.now();
    let birth = this.#lives.birthOf(id);
    // At once, although it may have to wait for its turn: a crash meanwhile must not undo it.
    this.#note(id, birth, begun);
    try {
      await this.#lanes.exclusive(id, operation, async () => {
        birth = this.#lives.birthOf(id);
        const noted = this.#note(id, birth, begun);
        if (noted !== undefined) {
          await this.#inTime(operation, id, noted);
        }
        await this.#removals.remove(operation, id, (known) => {
          birth = known;
          this.#journal?.learn(id, known);
        });
        this.#lives.destroyed(id, moment);
        this.#settle(id, pending);
      });
    } catch (error) {
      this.#giveUp(operation, id, birth, moment, begun, error as Error);
      throw error;
    }
    this.#emit('destroyed', () => record(id));
  }

  /**
   * Stands by a destroy that was not even started because too much else is under way: as if it had been given up. Returns why
   * it cannot, if it cannot.
   */
  refused(id: string): Refusal | undefined {
    if (this.#settings.policy === undefined) {
      return undefined;
    }
    const error = new SessionStoreError('OVERLOADED', 'destroy: too many calls are under way');
    return this.#standBy(id, error) ? undefined : notRemembered;
  }

  /**
   * The same for one that `destroyMany` did not come to in its time. As long as there is plenty of room: one call for a whole
   * storage must not hide every session of it.
   */
  notBegun(id: string, error: SessionStoreError): void {
    if (this.#settings.policy !== undefined && !this.#deletions.isHalfFull) {
      this.#standBy(id, error);
    }
  }

  /** `false`: there is no room. */
  #standBy(id: string, error: SessionStoreError): boolean {
    const known = this.#lives.birthOf(id);
    // What is under way may give the id to another session before this destroy would have had its turn.
    const birth = this.#lanes.isBusy(id) ? undefined : known;
    if (!this.#deletions.add(id, birth)) {
      return false;
    }
    this.#note(id, birth, Date.now());
    this.#emit('gaveUp', () => ({ ...record(id), operation: 'destroy', error }));
    this.#lives.dying(id, this.#lives.now(), known);
    return true;
  }

  /** Removes a session that is over, and none that has its id by now. The caller has its lane. */
  async end(operation: Operation, id: string, birth: string | undefined): Promise<void> {
    if (birth === undefined) {
      await this.#removals.remove(operation, id, () => {});
    } else {
      await this.#removals.removeBirth(operation, id, birth);
    }
    this.#emit('destroyed', () => record(id));
  }

  /** Removes all sessions. */
  async clear(operation: Operation): Promise<void> {
    const moment = this.#lives.now();
    const before = this.#deletions.all;
    await this.#lanes.all(operation, async () => {
      const { backend } = this.#calls;
      const clear = async ({ signal }: CallContext): Promise<void> => {
        if (backend.clear !== undefined) {
          return backend.clear({ signal, grace: this.#grace });
        }
        await removeAll(backend, this.#grace, signal);
      };
      // Once: what a first attempt has still on its way would take sessions with it that were made after a second one.
      await operation.race(this.#calls.call('clear', clear, this.#settings.operationTimeout, operation));
      this.#lives.cleared(moment);
      // Those go on whose birth is known: nothing of them is stored any more, but they have no grave either, and their
      // first save may still arrive.
      for (const id of this.#deletions.settleUnknown(before)) {
        this.#journal?.end(id);
      }
    });
  }

  /** Whether the record is one whose destroy was given up. Throws `DELETIONS_FULL` if any record might be one. */
  hides(id: string, birth: string | undefined): boolean {
    if (this.#deletions.isFull && this.#deletions.of(id) === undefined) {
      throw new SessionStoreError(
        'DELETIONS_FULL',
        `So many sessions could not be destroyed that this process can no longer tell them from others; it shows none until the storage is back`,
      );
    }
    return this.#deletions.hides(id, birth);
  }

  /** Whether no record of this id is to be shown, whatever its birth. */
  hidesAll(id: string): boolean {
    return this.hides(id, undefined) && this.#deletions.of(id)?.birth === undefined;
  }

  /** Before an id is given to a new session, the deletion of the one before is completed. The caller has its lane. */
  async completeBefore(operation: Operation, id: string): Promise<void> {
    if (this.#deletions.of(id) !== undefined) {
      await this.#complete(operation, id, this.#removals);
    }
  }

  /** How many destroys are pending. */
  get pending(): number {
    return this.#deletions.size;
  }

  /** Goes on with what is pending for so many ms at the most. */
  async finish(timeLimit: number): Promise<CloseReport> {
    await this.#deletions.finish(timeLimit);
    await this.#journal?.close();
    return { unfinishedDeletions: this.#deletions.ids.map(recordName) };
  }

  #settle(id: string, pending: PendingDeletion | undefined): void {
    if (this.#deletions.settle(id, pending)) {
      this.#journal?.end(id);
    }
  }

  /** In the journal, if there is one. Whoever has to know when it is on the disk waits for the promise. */
  #note(id: string, birth: string | undefined, begun: number): Promise<void> | undefined {
    const noted = this.#journal?.begin(id, birth, begun, this.#graceOf(id));
    noted?.catch(() => {});
    return noted;
  }

  /** Before anything is sent. A session whose destroy cannot be noted is destroyed all the same. */
  #inTime(operation: Operation, id: string, noted: Promise<void>): Promise<void> {
    return operation.race(
      noted.catch((error: Error) => {
        this.#emit('storeError', () => ({ ...record(id), operation: operation.name, error }));
      }),
    );
  }

  #giveUp(
    operation: Operation,
    id: string,
    birth: string | undefined,
    moment: number,
    begun: number,
    error: Error,
  ): void {
    if (this.#settings.policy === undefined) {
      return;
    }
    const remembered = this.#deletions.add(id, birth);
    this.#emit('gaveUp', () => ({ ...record(id), operation: operation.name, error }));
    if (!remembered) {
      this.#journal?.end(id);
      throw new SessionStoreError(
        'DELETIONS_FULL',
        `Session record ${recordName(id)} could not be destroyed, and too many others are pending to go on with it in the background; destroy it again when the storage is back`,
        { cause: error },
      );
    }
    // Another destroy of the id may have struck it out while this one waited for its turn.
    this.#note(id, birth, begun);
    this.#lives.dying(id, moment, birth);
  }

  async #complete(operation: Operation, id: string, removals: Removals): Promise<void> {
    const pending = this.#deletions.of(id);
    if (pending === undefined) {
      return;
    }
    const noted = (birth: string): void => {
      pending.birth = birth;
      this.#journal?.learn(id, birth);
    };
    if (pending.birth !== undefined) {
      await removals.removeBirth(operation, id, pending.birth);
    } else if (pending.begun !== undefined) {
      await removals.removeOlder(operation, id, pending.begun, noted);
    } else {
      await removals.remove(operation, id, noted);
    }
    this.#settle(id, pending);
    this.#emit('destroyed', () => record(id));
  }
}
