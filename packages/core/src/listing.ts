import type { SessionData } from 'express-session';
import type { SessionRecord } from './backend.js';
import type { BackendCalls } from './calls.js';
import type { Operation } from './operation.js';
import type { Sessions } from './sessions.js';

/** Every live session, with its `id`. */
export async function allSessions(
  operation: Operation,
  calls: BackendCalls,
  sessions: Sessions,
): Promise<(SessionData & { id: string })[]> {
  const found: (SessionData & { id: string })[] = [];
  await eachRecord(operation, calls, sessions, (record) => {
    const { session } = sessions.open(record);
    // Not an assignment: the session may have an `id` of the application's own.
    found.push(
      Object.defineProperty(session, 'id', { value: record.id, enumerable: true }) as (typeof found)[number],
    );
  });
  return found;
}

/** The ids of all live sessions, those included that cannot be read. */
export async function allIds(
  operation: Operation,
  calls: BackendCalls,
  sessions: Sessions,
): Promise<string[]> {
  const ids: string[] = [];
  await eachRecord(operation, calls, sessions, ({ id }) => {
    ids.push(id);
  });
  return ids;
}

/** How many sessions are live. */
export async function countSessions(
  operation: Operation,
  calls: BackendCalls,
  sessions: Sessions,
): Promise<number> {
  const { backend } = calls;
  if (backend.count === undefined || sessions.destroys.pending > 0) {
    return (await allIds(operation, calls, sessions)).length;
  }
  return operation.race(
    calls.call(
      'count',
      (context) => backend.count?.(context) ?? Promise.resolve(0),
      operation.remaining,
      operation,
    ),
  );
}

/** Calls `visit` once for every live record that is not hidden by a pending destroy. */
function eachRecord(
  operation: Operation,
  calls: BackendCalls,
  sessions: Sessions,
  visit: (record: SessionRecord) => void,
): Promise<void> {
  return operation.race(
    calls.call(
      'scan',
      async (context) => {
        const seen = new Set<string>();
        for await (const page of calls.backend.scan(context)) {
          context.signal.throwIfAborted();
          for (const record of page) {
            if (!seen.has(record.id) && !sessions.destroys.hides(record.id, record.birth)) {
              seen.add(record.id);
              visit(record);
            }
          }
        }
      },
      operation.remaining,
      operation,
    ),
  );
}
