import type { BackendCalls } from './calls.js';
import { type CookieData, cookieDataOf, deadlineOf } from './lifetime.js';
import type { Operation } from './operation.js';
import type { Settings } from './options.js';
import type { Origin } from './provenance.js';
import { withRetry } from './retry.js';
import { parseSession } from './snapshot.js';

/**
 * Moves the expiry of the record that a loaded session came from. It names the revision: if another request has changed the
 * record meanwhile, the lifetime that is stored now decides and not the one that this request knows.
 */
export async function touchRecord(
  calls: BackendCalls,
  operation: Operation,
  origin: Origin,
  cookie: CookieData | undefined,
  settings: Settings,
  onRetry: (operation: Operation, error: Error, attempt: number) => void,
): Promise<'touched' | 'gone'> {
  const { id } = origin;
  let { revision } = origin;
  let stored = origin.base?.cookie;
  for (;;) {
    const deadline = deadlineOf(
      { base: origin.base?.cookie, mine: cookie, stored, isNew: false },
      settings.defaultMaxAge,
    );
    if (deadline === 'ends') {
      return 'gone';
    }
    const answer = await withRetry(
      operation,
      settings.policy,
      () => calls.touch({ id, revision, expiry: deadline.expiry() }, operation).answer,
      (error, number) => onRetry(operation, error, number),
    );
    if (answer.status === 'touched') {
      const { in: milliseconds } = deadline.expiry();
      origin.expiresAt = Math.max(origin.expiresAt, Date.now() + milliseconds);
      return 'touched';
    }
    if (answer.status === 'gone') {
      return 'gone';
    }
    const { current } = answer;
    if (origin.birth !== undefined && current.birth !== undefined && origin.birth !== current.birth) {
      return 'gone';
    }
    revision = current.revision;
    stored = cookieDataOf(parseSession(id, current.data, settings.serializer));
  }
}
