import type { RecordTouch, TouchAnswer } from '@session-stores/core';
import type { Commands, UpdateStatement } from './commands.js';
import { failed, inRounds, oneByOne, type Task } from './rounds.js';
import { atRevision, expiryDate, type Found, stateOf, unexpiredAt } from './session-document.js';

/** Moves the expiries in one command; unless it matched all of them, a `find` tells what each has met. */
export async function touchRecords(
  commands: Commands,
  touches: readonly RecordTouch[],
  signal: AbortSignal,
): Promise<readonly TouchAnswer[]> {
  const calledAt = Date.now();
  const tasks = touches.map((touch) => new TouchTask(touch, calledAt));
  return inRounds(tasks, (open) => touchOnce(commands, open, signal));
}

async function touchOnce(
  commands: Commands,
  tasks: readonly TouchTask[],
  signal: AbortSignal,
): Promise<void> {
  const { matched, failure } = await commands.update(
    () => tasks.map((task) => task.statement(Date.now())),
    signal,
  );
  if (failure !== undefined) {
    const [only] = tasks;
    if (tasks.length === 1) (only as TouchTask).answer = failed(failure);
    else await oneByOne(tasks, (one) => touchOnce(commands, one, signal));
    return;
  }
  if (matched === tasks.length) {
    for (const task of tasks) task.answer = { status: 'touched' };
    return;
  }
  const ids = tasks.map(({ touch }) => touch.id);
  const documents = await commands.find(ids, signal);
  const now = Date.now();
  for (const task of tasks) task.meet(stateOf(documents.get(task.touch.id), now));
}

class TouchTask implements Task<TouchAnswer> {
  readonly touch: RecordTouch;
  answer: TouchAnswer | undefined;
  readonly #expires: Date | undefined;
  /** The session of a foreign store, whose revision no query can ask for. */
  #foreign: string | undefined;

  constructor(touch: RecordTouch, calledAt: number) {
    this.touch = touch;
    this.#expires = expiryDate(calledAt + touch.expiry.in);
  }

  statement(now: number): UpdateStatement {
    const { id: _id, revision, expiry } = this.touch;
    const session = this.#foreign ?? atRevision(revision);
    const expires = this.#expires;
    if (expires === undefined) {
      return { q: { _id, session, expires: unexpiredAt(now) }, u: { $unset: { expires: 1 } } };
    }
    // What never expires has no `expires`, and $max would give it one.
    return expiry.exact
      ? { q: { _id, session, expires: unexpiredAt(now) }, u: { $set: { expires } } }
      : { q: { _id, session, expires: { $gt: new Date(now) } }, u: { $max: { expires } } };
  }

  /** Takes its answer, or its next step, from what is stored after its statement. */
  meet(found: Found): void {
    if (found.state === 'unreadable') {
      this.answer = failed(found.failure);
    } else if (found.state !== 'live') {
      this.answer = { status: 'gone' };
    } else if (found.record.revision !== this.touch.revision) {
      this.answer = { status: 'changed', current: found.record };
    } else if (
      found.record.birth !== undefined ||
      this.#foreign !== undefined ||
      this.#hasNothingToDo(found)
    ) {
      // A revision never comes back, so it was this one that its statement met.
      this.answer = { status: 'touched' };
    } else {
      this.#foreign = found.session;
    }
  }

  #hasNothingToDo({ record }: Extract<Found, { state: 'live' }>): boolean {
    return !this.touch.expiry.exact && record.expiresAt === Number.POSITIVE_INFINITY;
  }
}
