import type { ItemError } from '@session-stores/core';
import { MongoFailure } from './mongo-failure.js';

/** One item of a call on its way to its answer. */
export interface Task<Answer> {
  answer: Answer | ItemError | undefined;
}

// Each round but the first is there because somebody changed the record since the one before.
const maximumRounds = 8;

/**
 * Works on the tasks in rounds, all that are still open in each, until every one is answered; resolves to the answers in
 * their order. Rejects as `round` does.
 */
export async function inRounds<Answer, T extends Task<Answer>>(
  tasks: readonly T[],
  round: (open: readonly T[]) => Promise<void>,
): Promise<readonly (Answer | ItemError)[]> {
  for (let rounds = 0; ; rounds++) {
    const open = tasks.filter(({ answer }) => answer === undefined);
    if (open.length === 0) return tasks.map(({ answer }) => answer as Answer | ItemError);
    if (rounds === maximumRounds) for (const task of open) task.answer = failed(contended());
    else await round(open);
  }
}

/** The same for each task alone: where one of many failed, only so is it certain which. */
export async function oneByOne<Answer, T extends Task<Answer>>(
  tasks: readonly T[],
  round: (open: readonly T[]) => Promise<void>,
): Promise<void> {
  for (const task of tasks) await inRounds([task], round);
}

export function failed(error: unknown): ItemError {
  return { status: 'error', error };
}

function contended(): MongoFailure {
  return new MongoFailure('BUSY', 'others changed the record faster than it could be read');
}
