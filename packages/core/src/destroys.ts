import { type Awaitable, after, rescued } from './awaitable.js';
import type { CallContext } from './backend.js';
import type { BackendCalls } from './calls.js';
import { isMeant, type PendingDeletion } from './deletions.js';
import { recordName } from './errors.js';
import { type Emit, record } from './events.js';
import { type CalledDestroy, GivenUpDestroys } from './given-up-destroys.js';
import type { Lanes } from './lane.js';
import { type Lives, longestLateness } from './lives.js';
import { Operation } from './operation.js';
import type { Settings } from './options.js';
import { copiedBirth } from './provenance.js';
import { type RemovalRules, Removals } from './removal.js';
import { removeAll } from './remove-all.js';
import type { Retried } from './retry.js';
import { TimeLimit } from './time-limit.js';

/** What `close` resolves to. */
export interface CloseReport {
  /** The short hashes of the sessions whose destroy was given up and could not be completed either. */
  readonly unfinishedDeletions: readonly string[];
}

/** Destroying sessions, and standing by it: a destroy that was given up goes on. */
export class Destroys {
  readonly givenUp: GivenUpDestroys;
  readonly #calls: BackendCalls;
  readonly #lives: Lives;
  readonly #lanes: Lanes;
  readonly #timeLimit: number;
  readonly #emit: Emit;
  readonly #removals: Removals;
  readonly #grace: number;

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
    this.#timeLimit = settings.operationTimeout;
    this.#emit = emit;
    const needsGraves = calls.backend.settlesAtOnce !== true || settings.copiedSessions;
    const longest = longestLateness(settings.operationTimeout);
    this.#grace = needsGraves ? longest : 0;
    const rules: RemovalRules = {
      graceOf: (id) =>
        Math.max(lives.lateBirths(id).size > 0 ? longest : this.#grace, this.givenUp.of(id)?.grace ?? 0),
      birthOf: (id) => (settings.copiedSessions ? copiedBirth(id) : undefined),
    };
    this.#removals = new Removals(calls, lives, rules, retried);
    const once = new Removals(calls, lives, rules, (_, attempt) => attempt());
    const attemptLimit = new TimeLimit(settings.policy?.attemptTimeout ?? settings.operationTimeout).last();
    this.givenUp = new GivenUpDestroys(lives, lanes, settings, emit, rules.graceOf, async ({ id }) => {
      const operation = new Operation('destroy', id, attemptLimit).start();
      try {
        await lanes.exclusive(id, operation, () => this.#complete(operation, id, once));
      } finally {
        operation.end();
      }
    });
  }

  /** Resolves when no session of this id is left. */
  destroy(operation: Operation, id: string): Awaitable<void> {
    const called: CalledDestroy = {
      id,
      birth: this.#lives.birthOf(id),
      moment: this.#lives.now(),
      begun: Date.now(),
    };
    const pending = this.givenUp.of(id);
    // At once, although it may have to wait for its turn: a crash meanwhile must not undo it.
    this.givenUp.note(called);
    const destroyed = rescued(
      () => this.#lanes.exclusive(id, operation, () => this.#destroy(operation, called, pending)),
      (error) => {
        this.givenUp.add(called, operation, error as Error);
        throw error;
      },
    );
    return after(destroyed, () => this.#emit('destroyed', () => record(id)));
  }

  #destroy(
    operation: Operation,
    called: CalledDestroy,
    pending: PendingDeletion | undefined,
  ): Awaitable<void> {
    const { id } = called;
    called.birth = this.#lives.birthOf(id);
    const noted = this.givenUp.note(called);
    const removed = after(noted && this.#inTime(operation, id, noted), () =>
      this.#removals.remove(operation, id, (known) => {
        called.birth = known;
        this.givenUp.learn(id, known);
      }),
    );
    return after(removed, () => {
      this.#lives.destroyed(id, called.moment);
      this.givenUp.settle(id, pending);
    });
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
    const before = this.givenUp.all;
    await this.#lanes.all(operation, async () => {
      const { backend } = this.#calls;
      const clear = async ({ signal }: CallContext): Promise<void> => {
        if (backend.clear !== undefined) {
          return backend.clear({ signal, grace: this.#grace });
        }
        await removeAll(backend, this.#grace, signal);
      };
      // Once: what a first attempt has still on its way would take sessions with it that were made after a second one.
      await operation.race(this.#calls.call('clear', clear, this.#timeLimit, operation));
      this.#lives.cleared(moment);
      this.givenUp.settleUnknown(before);
    });
  }

  /**
   * Before an id is given to a new session, the deletion of the one before is completed; `undefined`: there is none. The caller
   * has its lane.
   */
  completeBefore(operation: Operation, id: string): Promise<void> | undefined {
    return this.givenUp.of(id) === undefined ? undefined : this.#complete(operation, id, this.#removals);
  }

  /** Goes on with those that were given up for so many ms at the most. */
  async finish(timeLimit: number): Promise<CloseReport> {
    const left = await this.givenUp.finish(timeLimit);
    return { unfinishedDeletions: left.map(recordName) };
  }

  /** Before anything is sent. A session whose destroy cannot be noted is destroyed all the same. */
  #inTime(operation: Operation, id: string, noted: Promise<void>): Promise<void> {
    return operation.race(
      noted.catch((error: Error) => {
        this.#emit('storeError', () => ({ ...record(id), operation: operation.name, error }));
      }),
    );
  }

  async #complete(operation: Operation, id: string, removals: Removals): Promise<void> {
    const pending = this.givenUp.of(id);
    if (pending === undefined) {
      return;
    }
    const noted = (birth: string): void => {
      pending.birth = birth;
      this.givenUp.learn(id, birth);
    };
    if (pending.birth !== undefined) {
      await removals.removeBirth(operation, id, pending.birth, (other) => isMeant(pending, other));
    } else if (pending.restored) {
      await removals.removeOlder(operation, id, pending.begun, noted);
    } else {
      await removals.remove(operation, id, noted);
    }
    this.givenUp.settle(id, pending);
    this.#emit('destroyed', () => record(id));
  }
}
