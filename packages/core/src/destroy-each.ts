import { maximumItems } from './batch.js';
import { SessionStoreError } from './errors.js';
import { checkId } from './id.js';

/** While as many as a batch takes are on the wire, as many gather for the next. */
const atOnce = 2 * maximumItems;

/**
 * Destroys many sessions, some of them side by side. What it has not come to when `refuse` returns an error is not begun any more.
 * Rejects if any could not be destroyed, with the `errors` in the cause.
 */
export async function destroyEach(
  ids: Iterable<string>,
  destroy: (id: string) => Promise<void>,
  refuse: (id: string) => SessionStoreError | undefined = () => undefined,
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
  const errors: SessionStoreError[] = [];
  const left = distinct.values();
  const destroyNext = async (): Promise<void> => {
    // All of them take their ids from one iterator.
    for (const id of left) {
      const refusal = refuse(id);
      if (refusal === undefined) {
        await destroy(id).catch((error: SessionStoreError) => errors.push(error));
      } else {
        errors.push(refusal);
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, destroyNext));
  const [first] = errors;
  if (first !== undefined) {
    throw new SessionStoreError(
      first.code,
      `${errors.length} of ${distinct.length} sessions could not be destroyed`,
      { cause: new AggregateError(errors) },
    );
  }
}
