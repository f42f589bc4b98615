import type { SessionData } from 'express-session';
import type { Awaitable } from './awaitable.js';
import type { CallContext, SessionRecord } from './backend.js';
import type { BackendCalls } from './calls.js';
import type { Operation } from './operation.js';
import type { Sessions } from './sessions.js';

/** Every live session, with its `id`. */
export function allSessions(
  operation: Operation,
  calls: BackendCalls,
  sessions: Sessions,
): Awaitable<(SessionData & { id: string })[]> {
  return eachRecord(operation, calls, sessions, (record) => {
    const { session } = sessions.open(record);
    // Not an assignment: the session may have an `id` of the application's own.
    return Object.defineProperty(session, 'id', { value: record.id, enumerable: true }) as SessionData & {
      id: string;
    };
  });
}

/** The ids of all live sessions, those included that cannot be read. */
export function allIds(operation: Operation, calls: BackendCalls, sessions: Sessions): Awaitable<string[]> {
  return eachRecord(operation, calls, sessions, ({ id }) => id);
}

/** How many sessions are live. */
export async function countSessions(
  operation: Operation,
  calls: BackendCalls,
  sessions: Sessions,
): Promise<number> {
  const { backend } = calls;
  if (backend.count === undefined || sessions.destroys.givenUp.size > 0) {
    return (await allIds(operation, calls, sessions)).length;
  }
  const count = async (context: CallContext): Promise<number> => (await backend.count?.(context)) ?? 0;
  return sessions.retried(operation, () =>
    operation.race(calls.call('count', count, operation.remaining, operation)),
  );
}

/** What `see` makes of every live record that is not hidden by a pending destroy; after a failure all of it anew. */
function eachRecord<Seen>(
  operation: Operation,
  calls: BackendCalls,
  sessions: Sessions,
  see: (record: SessionRecord) => Seen,
): Awaitable<Seen[]> {
  const scan = async (context: CallContext): Promise<Seen[]> => {
    const seen = new Map<string, Seen>();
    for await (const page of calls.backend.scan(context)) {
      context.signal.throwIfAborted();
      for (const record of page) {
        if (!seen.has(record.id) && !sessions.destroys.givenUp.hides(record.id, record.birth)) {
          seen.set(record.id, see(record));
        }
      }
    }
    return [...seen.values()];
  };
  return sessions.retried(operation, () =>
    operation.race(calls.call('scan', scan, operation.remaining, operation)),
  );
}
