import { type Awaitable, after } from './awaitable.js';
import type { BackendCalls } from './calls.js';
import { SessionStoreError } from './errors.js';
import type { Lives } from './lives.js';
import type { Operation } from './operation.js';
import type { Retried } from './retry.js';
import { bornAt } from './revision.js';

/** How often another session may take the id between two steps of one removal. */
const maximumSuccessors = 8;

/**
 * Ms by which the clocks of two processes may differ. A session that seems to be younger by less than that is removed: it is
 * better to end a new session than to keep one that its user has ended.
 */
const clockTolerance = 5000;

/** What a removal leaves behind, and what it removes where this process has met no session of the id. */
export interface RemovalRules {
  /** Ms. 0 where no call can arrive late. */
  graceOf(id: string): number;
  birthOf(id: string): string | undefined;
}

/**
 * Removes the session that an id has. Every request for it names the birth, if the process knows it or can read it, so that
 * none that arrives late, or again, destroys a session that was given the id since.
 */
export class Removals {
  readonly #calls: BackendCalls;
  readonly #lives: Lives;
  readonly #rules: RemovalRules;
  readonly #retried: Retried;

  constructor(calls: BackendCalls, lives: Lives, rules: RemovalRules, retried: Retried) {
    this.#calls = calls;
    this.#lives = lives;
    this.#rules = rules;
    this.#retried = retried;
  }

  /** Resolves when no session of this id is left. `noted` is told the birth as soon as it is known. */
  remove(operation: Operation, id: string, noted: (birth: string) => void): Awaitable<void> {
    const birth = this.#lives.birthOf(id) ?? this.#rules.birthOf(id);
    if (birth !== undefined || this.#calls.backend.settlesAtOnce === true) {
      // What this process remembers may have ended before, and another session may have had the id when this began.
      return this.#removeFrom(operation, id, birth, false, noted);
    }
    return after(this.#birthOf(operation, id), (found) =>
      found === 'none'
        ? // No grave: there is no birth to name, and a grave for every birth would refuse the next session of this id as well.
          // So a first save of another process that nobody has answered may still arrive, as one that was sent after this.
          this.#buryOthers(operation, id, undefined)
        : this.#removeFrom(operation, id, found.birth, true, noted),
    );
  }

  /** Removes the session of this birth, and what is found in its place. `isFresh`: the storage has just told that birth. */
  #removeFrom(
    operation: Operation,
    id: string,
    birth: string | undefined,
    isFresh: boolean,
    noted: (birth: string) => void,
    successors = 0,
  ): Awaitable<void> {
    if (successors === maximumSuccessors) {
      throw new SessionStoreError(
        'CONFLICT',
        'The id is given to new sessions faster than they can be destroyed',
      );
    }
    if (birth !== undefined) {
      noted(birth);
    }
    let attempts = 0;
    const removed = this.#retried(operation, () => {
      attempts++;
      return this.#remove(operation, id, birth);
    });
    return after(removed, (answer) =>
      // Another session, where an answer was lost: the one that was to be destroyed is gone, and this one came after it. But
      // if that one was only remembered, nobody knows, and a logout that leaves a session is worse than one too many.
      answer.status === 'removed' || (attempts > 1 && isFresh && birth !== undefined)
        ? this.#buryOthers(operation, id, birth)
        : this.#removeFrom(operation, id, answer.birth, true, noted, successors + 1),
    );
  }

  /** Removes one life of the id; and what is there instead, if that is meant as well. */
  async removeBirth(
    operation: Operation,
    id: string,
    birth: string,
    isMeant: (other: string | undefined) => boolean = () => false,
  ): Promise<void> {
    const answer = await this.#retried(operation, () => this.#remove(operation, id, birth));
    if (answer.status === 'other' && isMeant(answer.birth)) {
      await this.#retried(operation, () => this.#remove(operation, id, answer.birth));
    }
    await this.#buryOthers(operation, id, birth);
  }

  /**
   * What may still come under another birth than that of the session that was there: a copy, which is saved under the one
   * birth of all copies, and writes that nobody answered. Where a storage has room for one grave of an id, the last holds.
   */
  #buryOthers(operation: Operation, id: string, buried: string | undefined): Awaitable<void> {
    const copies = this.#rules.birthOf(id);
    const late = this.#lives.lateBirths(id);
    const births = copies === undefined ? late : new Set([copies, ...late]);
    // Of nearly every session there are none.
    return births.size === 0 ? undefined : this.#bury(operation, id, births, buried);
  }

  async #bury(
    operation: Operation,
    id: string,
    births: ReadonlySet<string>,
    buried: string | undefined,
  ): Promise<void> {
    for (const birth of births) {
      if (birth !== buried) {
        await this.#retried(operation, () => this.#remove(operation, id, birth));
      }
    }
  }

  /**
   * Removes the session that the id had at `begun`, epoch ms, and none that it was given since; for a destroy of another
   * process, which did not know the birth. `noted` is told it as soon as it is known.
   */
  async removeOlder(
    operation: Operation,
    id: string,
    begun: number,
    noted: (birth: string) => void,
  ): Promise<void> {
    const found = await this.#birthOf(operation, id);
    if (found === 'none') {
      return;
    }
    const { birth } = found;
    if (birth === undefined) {
      await this.#retried(operation, () => this.#remove(operation, id, undefined));
    } else if (!((bornAt(birth) ?? 0) > begun + clockTolerance)) {
      noted(birth);
      await this.removeBirth(operation, id, birth);
    }
  }

  #remove(operation: Operation, id: string, birth: string | undefined) {
    const grace = this.#rules.graceOf(id);
    const removal = birth === undefined ? { id, grace } : { id, birth, grace };
    return this.#calls.remove(removal, operation).answer;
  }

  /** A record that cannot be read can still be removed, whatever its birth is. */
  async #birthOf(operation: Operation, id: string): Promise<'none' | { birth: string | undefined }> {
    try {
      const record = await this.#retried(operation, () => this.#calls.read(id, operation).answer);
      return record === undefined ? 'none' : { birth: record.birth };
    } catch (error) {
      if (error instanceof SessionStoreError && error.code === 'BACKEND_FAILED') {
        return { birth: undefined };
      }
      throw error;
    }
  }
}
