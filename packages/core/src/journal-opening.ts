import { JournalError } from './errors.js';
import type { Emit } from './events.js';
import { Journal } from './journal.js';
import type { Settings } from './options.js';

/** The journal of a store, if it is to have one. Throws `JournalError`, and `InvalidOptionError` where there can be no journal. */
export function openJournal({ journal: path, policy }: Settings, emit: Emit): Journal | undefined {
  if (path === undefined || policy === undefined) {
    return undefined;
  }
  const journal = new Journal(path, policy.attemptTimeout);
  if (journal.damaged > 0) {
    const error = new JournalError(
      'JOURNAL_DAMAGED',
      `The journal ${path} was damaged in ${journal.damaged} places, and destroys that stood there are not finished; what was whole is, and a copy is in ${path}.damaged`,
      undefined,
    );
    // When whoever made the store has had the time to listen.
    setImmediate(() => emit('storeError', () => ({ record: undefined, operation: undefined, error })));
  }
  return journal;
}
