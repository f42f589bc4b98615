import type { History, Operation } from '../model/operation.js';

/** The history of each session, in order, with what happened to all of them; nothing of one session depends on another. */
export function bySession(history: History): Map<string, Operation[]> {
  const sessions = new Map<string, Operation[]>();
  for (const { session } of history) if (session !== undefined) sessions.set(session, []);
  for (const operation of [...history].sort((one, other) => one.called - other.called)) {
    if (operation.session !== undefined) sessions.get(operation.session)?.push(operation);
    else for (const operations of sessions.values()) operations.push(operation);
  }
  return sessions;
}
