import { encodeRecord, graveText, type RecordWrite, type WriteAnswer } from '@session-stores/core';
import type { Commands, Tally, UpdateStatement } from './commands.js';
import { MongoFailure } from './mongo-failure.js';
import { failed, inRounds, oneByOne, type Task } from './rounds.js';
import { atRevision, expiryDate, type Found, stateOf, unexpiredAt } from './session-document.js';
import { isTooLarge } from './sizes.js';

/**
 * Applies the writes in one command, and in the ordinary case that is all: each insert shows by the id that the server
 * inserted, and the updates by their number, when it is that of all. Otherwise one `find` tells what each of the rest met,
 * and what is left to be done (an expired leftover or another's grave to be replaced, a foreign store's session to be
 * taken over) is done in another round, as a compare-and-set with what was found.
 */
export async function writeRecords(
  commands: Commands,
  writes: readonly RecordWrite[],
  signal: AbortSignal,
): Promise<readonly WriteAnswer[]> {
  const calledAt = Date.now();
  const tasks = writes.map((write) => new WriteTask(write, calledAt));
  return inRounds(tasks, (open) => writeOnce(commands, open, signal));
}

async function writeOnce(
  commands: Commands,
  tasks: readonly WriteTask[],
  signal: AbortSignal,
): Promise<void> {
  const tally = await commands.update(() => tasks.map((task) => task.statement(Date.now())), signal);
  const open = tasks.filter((task) => !task.isWrittenBy(tally, tasks));
  if (open.length === 0) return;
  const [only] = tasks;
  if (tally.failure !== undefined && tasks.length === 1 && !tally.isDuplicate) {
    (only as WriteTask).answer = failed(tally.failure);
    return;
  }
  const ids = open.map(({ write }) => write.id);
  const documents = await commands.find(ids, signal);
  const now = Date.now();
  const states = open.map(({ write }) => stateOf(documents.get(write.id), now));
  // Of the updates that the server counted, this many are still what is stored. If others are missing, somebody has
  // overwritten them since, and of no refused one is it certain that it is not among them.
  const current = open.filter((task, index) => task.isUpdate && task.isCurrent(states[index] as Found));
  const allAreKnown = tally.failure === undefined && current.length === tally.modified;
  open.forEach((task, index) => {
    if (!allAreKnown) task.unsure = true;
    task.meet(states[index] as Found);
  });
  if (tally.failure !== undefined && tasks.length > 1) {
    await oneByOne(open, (one) => writeOnce(commands, one, signal));
  }
}

type Step =
  | { readonly kind: 'insert' | 'update' | 'replace expired' }
  | { readonly kind: 'replace'; readonly session: string; readonly never: boolean };

class WriteTask implements Task<WriteAnswer> {
  readonly write: RecordWrite;
  answer: WriteAnswer | undefined;
  /** Whether it may have been applied although it seems to have been refused. */
  unsure = false;
  readonly #session: string;
  readonly #expires: Date | undefined;
  #step: Step;

  constructor(write: RecordWrite, calledAt: number) {
    this.write = write;
    this.#session = encodeRecord(write.data, write.birth, write.revision);
    this.#expires = expiryDate(calledAt + write.expiry.in);
    this.#step = { kind: write.expect === 'absent' ? 'insert' : 'update' };
    if (isTooLarge(write.id, this.#session)) {
      this.answer = failed(new MongoFailure('TOO_LARGE', 'a session can have 16 MB in MongoDB'));
    }
  }

  /** Whether its statement changes a document that is there, and so is one of those that are counted. */
  get isUpdate(): boolean {
    return this.#step.kind !== 'insert';
  }

  statement(now: number): UpdateStatement {
    const { id: _id, expiry, expect } = this.write;
    const step = this.#step;
    const expires = this.#expires === undefined ? {} : { expires: this.#expires };
    if (step.kind === 'insert') {
      return { q: { _id }, u: { $setOnInsert: { session: this.#session, ...expires } }, upsert: true };
    }
    if (step.kind === 'replace expired') {
      return { q: { _id, expires: { $lte: new Date(now) } }, u: this.#outright() };
    }
    const session =
      step.kind === 'replace' ? step.session : atRevision((expect as { revision: string }).revision);
    if (expiry.exact || expect === 'absent' || this.#expires === undefined) {
      return { q: { _id, session, expires: unexpiredAt(now) }, u: this.#outright() };
    }
    // What never expires has no `expires`, and $max would give it one.
    if (step.kind === 'replace' && step.never) {
      return { q: { _id, session, expires: null }, u: { $set: { session: this.#session } } };
    }
    const later = { $set: { session: this.#session }, $max: expires };
    return { q: { _id, session, expires: { $gt: new Date(now) } }, u: later };
  }

  /** Notes that it was written, if the answer of the server alone says so. */
  isWrittenBy(tally: Tally, tasks: readonly WriteTask[]): boolean {
    if (tally.failure !== undefined) return false;
    const written = this.isUpdate
      ? tally.modified === tasks.filter(({ isUpdate }) => isUpdate).length
      : tally.upserted.has(this.write.id);
    if (written) this.answer = { status: 'written' };
    return written;
  }

  isCurrent(found: Found): boolean {
    return found.state === 'live' && found.record.revision === this.write.revision;
  }

  /** Takes its answer, or its next step, from what it has met. */
  meet(found: Found): void {
    const { expect, birth, unanswered } = this.write;
    if (found.state === 'unreadable') this.answer = failed(found.failure);
    else if (this.isCurrent(found) && (this.isUpdate || this.unsure)) this.answer = { status: 'written' };
    else if (found.state === 'live') this.#meetLive(found);
    else if (expect !== 'absent') this.answer = { status: 'gone' };
    else if (found.state === 'expired') this.#step = { kind: 'replace expired' };
    else if (found.state === 'none') this.#step = { kind: 'insert' };
    else if (found.session === graveText(birth)) this.answer = { status: 'gone' };
    else if (unanswered) this.answer = { status: 'buried' };
    else this.#step = { kind: 'replace', session: found.session, never: false };
  }

  #meetLive({ session, record }: Extract<Found, { state: 'live' }>): void {
    const { expect } = this.write;
    if (expect !== 'absent' && expect.revision === record.revision) {
      // A foreign store's, whose revision no query can ask for, or one that never expires. The query names all of it.
      if (isTooLarge(session, this.#session)) {
        const reason =
          'a session of connect-mongo can only be replaced where both together have 16 MB at the most';
        this.answer = failed(new MongoFailure('TOO_LARGE', reason));
        return;
      }
      this.#step = { kind: 'replace', session, never: record.expiresAt === Number.POSITIVE_INFINITY };
      return;
    }
    this.answer = { status: 'conflict', current: record, ...(this.unsure && { unsure: true }) };
  }

  #outright(): UpdateStatement['u'] {
    return this.#expires === undefined
      ? { $set: { session: this.#session }, $unset: { expires: 1 } }
      : { $set: { session: this.#session, expires: this.#expires } };
  }
}
