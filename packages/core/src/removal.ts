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
  async remove(operation: Operation, id: string, noted: (birth: string) => void): Promise<void> {
    let birth = this.#lives.birthOf(id) ?? this.#rules.birthOf(id);
    // What this process remembers may have ended before, and another session may have had the id when this began.
    let isFresh = false;
    if (birth === undefined && this.#calls.backend.settlesAtOnce !== true) {
      const found = await this.#birthOf(operation, id);
      if (found === 'none') {
        // No grave: there is no birth to name, and a grave for every birth would refuse the next session of this id as well.
        // So a first save of another process that nobody has answered may still arrive, as one that was sent after this.
        return this.#buryOthers(operation, id, undefined);
      }
      birth = found.birth;
      isFresh = true;
    }
    for (let successors = 0; successors < maximumSuccessors; successors++) {
      if (birth !== undefined) {
        noted(birth);
      }
      let attempts = 0;
      const answer = await this.#retried(operation, () => {
        attempts++;
        return this.#remove(operation, id, birth);
      });
      // Another session, where an answer was lost: the one that was to be destroyed is gone, and this one came after it. But
      // if that one was only remembered, nobody knows, and a logout that leaves a session is worse than one too many.
      if (answer.status === 'removed' || (attempts > 1 && isFresh && birth !== undefined)) {
        return this.#buryOthers(operation, id, birth);
      }
      birth = answer.birth;
      isFresh = true;
    }
    throw new SessionStoreError(
      'CONFLICT',
      'The id is given to new sessions faster than they can be destroyed',
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
  #buryOthers(operation: Operation, id: string, buried: string | undefined): Promise<void> | undefined {
    const copies = this.#rules.birthOf(id);
    const late = this.#lives.lateBirths(id);
    // Of nearly every session there is nothing of the kind.
    if (late.size === 0 && (copies === undefined || copies === buried)) {
      return undefined;
    }
    return this.#bury(
      operation,
      id,
      [copies, ...late].filter((birth) => birth !== buried),
    );
  }

  async #bury(operation: Operation, id: string, births: readonly (string | undefined)[]): Promise<void> {
    for (const birth of births) {
      if (birth !== undefined) {
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
