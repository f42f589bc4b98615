import { SessionStoreError } from './errors.js';
import { checkId } from './id.js';

/** Destroys many sessions, side by side. Rejects if any could not be destroyed, with the `errors` in the cause. */
export async function destroyEach(
  ids: Iterable<string>,
  destroy: (id: string) => Promise<void>,
): Promise<void> {
  // A string is iterable too: its characters would be taken for ids.
  if (typeof ids === 'string' || typeof ids?.[Symbol.iterator] !== 'function') {
    throw new SessionStoreError(
      'INVALID_ARGUMENT',
      'destroyMany: pass an array of ids, or another iterable of them',
    );
  }
  const distinct = [...new Set(ids)];
  distinct.forEach(checkId);
  const results = await Promise.allSettled(distinct.map(destroy));
  const errors = results.filter((result) => result.status === 'rejected').map(({ reason }) => reason);
  if (errors.length > 0) {
    throw new SessionStoreError(
      errors[0].code,
      `${errors.length} of ${distinct.length} sessions could not be destroyed`,
      { cause: new AggregateError(errors) },
    );
  }
}
