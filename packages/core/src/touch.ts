import { type Awaitable, after, repeated } from './awaitable.js';
import type { Expiry } from './backend.js';
import type { BackendCalls } from './calls.js';
import { type CookieData, cookieDataOf, deadlineOf } from './lifetime.js';
import type { Operation } from './operation.js';
import type { Settings } from './options.js';
import type { Origin } from './provenance.js';
import type { Retried } from './retry.js';
import { parseSession } from './snapshot.js';

/**
 * Moves the expiry of the record that a loaded session came from. It names the revision: if another request has changed the
 * record meanwhile, the lifetime that is stored now decides and not the one that this request knows. `spared`: with
 * `touchInterval`, a touch that the record does not need to last as long as this one says.
 */
export function touchRecord(
  calls: BackendCalls,
  operation: Operation,
  origin: Origin,
  cookie: CookieData | undefined,
  settings: Settings,
  retried: Retried,
): Awaitable<'touched' | 'spared' | 'gone'> {
  const { id } = origin;
  let { revision } = origin;
  let stored = origin.base?.cookie;
  return repeated(() => {
    const deadline = deadlineOf(
      { base: origin.base?.cookie, mine: cookie, stored, isNew: false },
      settings.defaultMaxAge,
    );
    if (deadline === 'ends') {
      return 'gone';
    }
    const { touchInterval } = settings;
    if (touchInterval > 0 && lastsFor(origin, deadline.expiry(), calls)) {
      return 'spared';
    }
    const touched = retried(operation, () => {
      const expiry = beyond(deadline.expiry(), touchInterval);
      return calls.touch({ id, revision, expiry }, operation).answer;
    });
    return after(touched, (answer) => {
      if (answer.status === 'touched') {
        const { in: milliseconds } = beyond(deadline.expiry(), touchInterval);
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
      return undefined;
    });
  });
}

/** Whether the record, as this process knows it, lasts as long as that without being touched. */
function lastsFor({ expiresAt }: Origin, expiry: Expiry, { backend }: BackendCalls): boolean {
  return expiresAt - (backend.expiryUncertainty ?? 0) >= Date.now() + expiry.in;
}

function beyond(expiry: Expiry, touchInterval: number): Expiry {
  return { ...expiry, in: expiry.in + touchInterval };
}
