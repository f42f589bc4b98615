import { Deletions, type PendingDeletion } from './deletions.js';
import { recordName, SessionStoreError } from './errors.js';
import { type Emit, record } from './events.js';
import type { Journal } from './journal.js';
import { openJournal } from './journal-opening.js';
import type { Lanes } from './lane.js';
import type { Lives } from './lives.js';
import type { Operation } from './operation.js';
import type { Settings } from './options.js';
import type { Refusal } from './running.js';

const notRemembered: Refusal = {
  code: 'DELETIONS_FULL',
  message:
    'destroy: too many calls are under way for this one, and too many others are pending to go on with it in the background; destroy it again when the storage is back',
};

/** A destroy as it was called: of what, as far as is known, and when. */
export interface CalledDestroy {
  readonly id: string;
  birth: string | undefined;
  /** In the order of this process' operations. */
  readonly moment: number;
  /** Epoch ms. */
  readonly begun: number;
}

/** What stands by the destroys that were given up: they hide their sessions, go on in the background, and are in the journal. */
export class GivenUpDestroys {
  readonly #lives: Lives;
  readonly #lanes: Lanes;
  readonly #settings: Settings;
  readonly #emit: Emit;
  readonly #graceOf: (id: string) => number;
  readonly #deletions: Deletions;
  readonly #journal: Journal | undefined;

  /** `tryAgain` makes one attempt and rejects when it failed; `graceOf`: ms for which a first save may be late. */
  constructor(
    lives: Lives,
    lanes: Lanes,
    settings: Settings,
    emit: Emit,
    graceOf: (id: string) => number,
    tryAgain: (pending: PendingDeletion) => Promise<void>,
  ) {
    this.#lives = lives;
    this.#lanes = lanes;
    this.#settings = settings;
    this.#emit = emit;
    this.#graceOf = graceOf;
    this.#deletions = new Deletions(tryAgain);
    this.#journal = openJournal(settings, emit);
    for (const { id, birth, begun, grace } of this.#journal?.entries ?? []) {
      this.#deletions.restore({ id, birth, begun, grace, restored: true });
    }
  }

  /** How many there are. */
  get size(): number {
    return this.#deletions.size;
  }

  get all(): readonly PendingDeletion[] {
    return this.#deletions.all;
  }

  of(id: string): PendingDeletion | undefined {
    return this.#deletions.of(id);
  }

  /** Whether no record of this id is to be shown, whatever its birth. */
  hidesAll(id: string): boolean {
    return this.hides(id, undefined) && this.#deletions.of(id)?.birth === undefined;
  }

  /** Whether the record is that of one. Throws `DELETIONS_FULL` if any record might be. */
  hides(id: string, birth: string | undefined): boolean {
    if (this.#deletions.isFull && this.#deletions.of(id) === undefined) {
      throw new SessionStoreError(
        'DELETIONS_FULL',
        `So many sessions could not be destroyed that this process can no longer tell them from others; it shows none until the storage is back`,
      );
    }
    return this.#deletions.hides(id, birth);
  }

  /** In the journal, if there is one, before it is sent. Whoever has to know when it is on the disk waits for the promise. */
  note({ id, birth, begun }: CalledDestroy): Promise<void> | undefined {
    const noted = this.#journal?.begin(id, birth, begun, this.#graceOf(id));
    noted?.catch(() => {});
    return noted;
  }

  /** That in the journal, when its birth is known. */
  learn(id: string, birth: string): void {
    this.#journal?.learn(id, birth);
  }

  /** `pending`: what there was when the call that settles it was made. */
  settle(id: string, pending: PendingDeletion | undefined): void {
    if (this.#deletions.settle(id, pending)) {
      this.#journal?.end(id);
    }
  }

  /**
   * Of those that there were before a clear, those go on whose birth is known: nothing of them is stored any more, but they
   * have no grave either, and their first save may still arrive.
   */
  settleUnknown(before: readonly PendingDeletion[]): void {
    for (const id of this.#deletions.settleUnknown(before)) {
      this.#journal?.end(id);
    }
  }

  /** Stands by one that has failed, where the store retries. Throws `DELETIONS_FULL` if there is no room. */
  add(called: CalledDestroy, operation: Operation, error: Error): void {
    if (this.#settings.policy === undefined) {
      return;
    }
    const { id, birth, moment, begun } = called;
    const remembered = this.#deletions.add(id, birth, begun);
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
    this.note(called);
    this.#lives.dying(id, moment, birth);
  }

  /**
   * Stands by a destroy that was not even started because too much else is under way. Returns why it cannot, if it cannot.
   */
  refused(id: string): Refusal | undefined {
    if (this.#settings.policy === undefined) {
      return undefined;
    }
    const error = new SessionStoreError('OVERLOADED', 'destroy: too many calls are under way');
    return this.#addUnsent(id, error) ? undefined : notRemembered;
  }

  /**
   * The same for one that `destroyMany` did not come to in its time. As long as there is plenty of room: one call for a whole
   * storage must not hide every session of it.
   */
  notBegun(id: string, error: SessionStoreError): void {
    if (this.#settings.policy !== undefined && !this.#deletions.isHalfFull) {
      this.#addUnsent(id, error);
    }
  }

  /** Goes on with them for so many ms at the most. Resolves to the ids of those that are left. */
  async finish(timeLimit: number): Promise<readonly string[]> {
    await this.#deletions.finish(timeLimit);
    await this.#journal?.close();
    return this.#deletions.ids;
  }

  /** `false`: there is no room. */
  #addUnsent(id: string, error: SessionStoreError): boolean {
    const known = this.#lives.birthOf(id);
    const [moment, begun] = [this.#lives.now(), Date.now()];
    // What is under way may give the id to another session before this destroy would have had its turn.
    const birth = this.#lanes.isBusy(id) ? undefined : known;
    if (!this.#deletions.add(id, birth, begun)) {
      return false;
    }
    this.note({ id, birth, moment, begun });
    this.#emit('gaveUp', () => ({ ...record(id), operation: 'destroy', error }));
    this.#lives.dying(id, moment, known);
    return true;
  }
}
