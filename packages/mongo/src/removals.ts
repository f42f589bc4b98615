import { graveText, type RecordRemoval, type RemoveAnswer } from '@session-stores/core';
import type { Commands, DeleteStatement, Tally, UpdateStatement } from './commands.js';
import { failed, inRounds, oneByOne, type Task } from './rounds.js';
import { type Found, graveOf, ofBirth, type SessionDocument, stateOf } from './session-document.js';

/**
 * Removes the records in one command, which puts the grave of its birth in the place of each; unless it matched all of
 * them, a `find` tells what each has met. What a removal finds there without a birth of its own is removed as it is.
 */
export async function removeRecords(
  commands: Commands,
  removals: readonly RecordRemoval[],
  signal: AbortSignal,
): Promise<readonly RemoveAnswer[]> {
  const calledAt = Date.now();
  const tasks = removals.map((removal) => new RemovalTask(removal, calledAt));
  return inRounds(tasks, (open) => removeOnce(commands, open, signal));
}

/** The same for records that have just been deleted: their graves are dug where nothing is. */
export async function digGraves(
  commands: Commands,
  removals: readonly (RecordRemoval & { readonly birth: string })[],
  signal: AbortSignal,
): Promise<readonly RemoveAnswer[]> {
  const calledAt = Date.now();
  const tasks = removals.map((removal) => {
    const task = new RemovalTask(removal, calledAt);
    task.meet({ state: 'none' });
    return task;
  });
  return inRounds(tasks, (open) => removeOnce(commands, open, signal));
}

async function removeOnce(
  commands: Commands,
  tasks: readonly RemovalTask[],
  signal: AbortSignal,
): Promise<void> {
  for (const kind of ['update', 'insert', 'delete'] as const) {
    const sent = tasks.filter((task) => task.kind === kind);
    if (sent.length === 0) continue;
    const tally = await send(commands, kind, sent, signal);
    if (tally.failure === undefined) {
      if (tally.matched === sent.length) for (const task of sent) task.answer = { status: 'removed' };
    } else if (!tally.isDuplicate) {
      const [only] = sent;
      if (sent.length === 1) (only as RemovalTask).answer = failed(tally.failure);
      else await oneByOne(sent, (one) => removeOnce(commands, one, signal));
    }
  }
  const open = tasks.filter(({ answer }) => answer === undefined);
  if (open.length === 0) return;
  const ids = open.map(({ removal }) => removal.id);
  const documents = await commands.find(ids, signal);
  const now = Date.now();
  for (const task of open) task.meet(stateOf(documents.get(task.removal.id), now));
}

function send(
  commands: Commands,
  kind: 'update' | 'insert' | 'delete',
  tasks: readonly RemovalTask[],
  signal: AbortSignal,
): Promise<Tally> {
  if (kind === 'delete') return commands.delete(() => tasks.map((task) => task.deletion()), signal);
  if (kind === 'insert') return commands.insert(() => tasks.map((task) => task.grave()), signal);
  return commands.update(() => tasks.map((task) => task.statement(Date.now())), signal);
}

/** What is to be put, or deleted, where: what was found there last, or what is to be expected. */
type Step =
  | { readonly kind: 'look' }
  | { readonly kind: 'bury' | 'delete birth'; readonly birth: string }
  | { readonly kind: 'dig'; readonly birth: string }
  | { readonly kind: 'bury expired'; readonly birth: string }
  | { readonly kind: 'replace grave' | 'extend grave'; readonly birth: string; readonly session: string }
  | { readonly kind: 'delete'; readonly condition: object };

class RemovalTask implements Task<RemoveAnswer> {
  readonly removal: RecordRemoval;
  answer: RemoveAnswer | undefined;
  readonly #until: number;
  #step: Step;

  constructor(removal: RecordRemoval, calledAt: number) {
    this.removal = removal;
    this.#until = calledAt + removal.grace;
    this.#step = removal.birth === undefined ? { kind: 'look' } : this.#take(removal.birth);
  }

  get kind(): 'none' | 'update' | 'insert' | 'delete' {
    const { kind } = this.#step;
    if (kind === 'look') return 'none';
    if (kind === 'dig') return 'insert';
    return kind === 'delete' || kind === 'delete birth' ? 'delete' : 'update';
  }

  statement(now: number): UpdateStatement {
    const step = this.#step as Exclude<Step, { kind: 'look' | 'delete' }>;
    const { id: _id } = this.removal;
    const grave = graveOf(step.birth, this.#until);
    switch (step.kind) {
      case 'bury expired':
        return { q: { _id, expires: { $lte: new Date(now) } }, u: { $set: grave } };
      case 'replace grave':
        return { q: { _id, session: step.session }, u: { $set: grave } };
      case 'extend grave':
        return { q: { _id, session: step.session }, u: { $max: { expires: grave.expires } } };
      default:
        return { q: { _id, session: ofBirth(step.birth) }, u: { $set: grave } };
    }
  }

  grave(): SessionDocument {
    const { birth } = this.#step as Extract<Step, { kind: 'dig' }>;
    return { _id: this.removal.id, ...graveOf(birth, this.#until) };
  }

  deletion(): DeleteStatement {
    const step = this.#step as Extract<Step, { kind: 'delete' } | { kind: 'bury' | 'delete birth' }>;
    const condition = step.kind === 'delete' ? step.condition : { session: ofBirth(step.birth) };
    return { q: { _id: this.removal.id, ...condition }, limit: 1 };
  }

  /** Takes its answer, or its next step, from what is stored now. */
  meet(found: Found): void {
    const { birth } = this.removal;
    if (found.state === 'live' || found.state === 'unreadable') this.#meetPresent(found);
    else if (birth === undefined || this.removal.grace <= 0) this.answer = { status: 'removed' };
    else if (found.state === 'none') this.#step = { kind: 'dig', birth };
    else if (found.state === 'expired') this.#step = { kind: 'bury expired', birth };
    else if (found.session !== graveText(birth))
      this.#step = { kind: 'replace grave', birth, session: found.session };
    else if (found.expiresAt < this.#until)
      this.#step = { kind: 'extend grave', birth, session: found.session };
    else this.answer = { status: 'removed' };
  }

  #meetPresent(found: Extract<Found, { state: 'live' | 'unreadable' }>): void {
    const { birth } = this.removal;
    const present = found.state === 'live' ? found.record.birth : undefined;
    if (birth !== undefined && birth !== present) this.answer = { status: 'other', birth: present };
    else if (present !== undefined) this.#step = this.#take(present);
    else if (found.state === 'live') this.#step = { kind: 'delete', condition: { session: found.session } };
    else this.#step = { kind: 'delete', condition: found.condition };
  }

  #take(birth: string): Step {
    return { kind: this.removal.grace > 0 ? 'bury' : 'delete birth', birth };
  }
}
