import type { Changes, Operation } from '../model/operation.js';

/** The same question about the operations of one session, said with less: there is that much less to search. */
export function simplified(operations: readonly Operation[]): Operation[] {
  return withoutIdleHandles(withoutIdle(withoutUnseen(withoutLateEnds(markHiding(operations)))));
}

/** Which request holds which object matters only if it saves or touches it. */
export function withoutIdleHandles(operations: readonly Operation[]): Operation[] {
  const used = new Set(operations.flatMap(({ action }) => ('by' in action ? [action.by] : [])));
  return operations.map((operation) =>
    operation.action.type === 'get' && operation.action.as !== undefined && !used.has(operation.action.as)
      ? { ...operation, action: { type: 'get' } }
      : operation,
  );
}

/**
 * A store that has failed to destroy a session may hide it, until it has destroyed it, or has begun or replaced a session
 * of the id, which it does only when the deletion is completed.
 */
export function markHiding(operations: readonly Operation[]): Operation[] {
  const failed = operations.filter(({ action, answer }) => action.type === 'destroy' && answer === 'unknown');
  if (failed.length === 0) return [...operations];
  const overcome = operations.filter(({ action, answer }) => action.type !== 'get' && answer !== 'unknown');
  return operations.map((operation) => {
    const mayHide = failed.some(
      (failure) =>
        failure.store === operation.store &&
        failure.called < operation.returned &&
        !overcome.some(
          (each) =>
            each.store === failure.store && each.returned < operation.called && completes(each, failure),
        ),
    );
    return mayHide ? { ...operation, mayHide } : operation;
  });
}

function completes({ action, called }: Operation, failure: Operation): boolean {
  if (action.type === 'save') return action.begins !== undefined && action.begins.made > failure.called;
  return (action.type === 'destroy' || action.type === 'replace') && called > failure.called;
}

/**
 * Leaves out what was not answered and whose effect nobody can have seen: whether it has happened or not explains nothing,
 * and each would double what there is to search.
 */
function withoutUnseen(operations: readonly Operation[]): Operation[] {
  const seen = new Set<string>();
  const see = (data: Changes) => {
    for (const [key, value] of Object.entries(data)) seen.add(`${key}=${value}`);
  };
  for (const { action, answer } of operations) {
    if (typeof answer !== 'string' && answer.session !== undefined) see(answer.session);
    if (action.type === 'update') for (const { found } of action.runs) see(found);
  }
  const unseen = (changes: Changes, before: Changes = {}): boolean =>
    Object.keys(before).every((key) => key in changes) &&
    Object.entries(changes).every(
      ([key, value]) => value === before[key] || (value !== null && !seen.has(`${key}=${value}`)),
    );
  const lasts = operations.every(({ action }) => !('deadline' in action) || action.deadline.at === Infinity);
  const saves = Map.groupBy(
    operations.filter(({ action }) => action.type === 'save'),
    ({ action }) => ('by' in action ? action.by : ''),
  );
  const isUnseen = ({ action }: Operation): boolean => {
    switch (action.type) {
      case 'get':
        // Who was not answered holds nothing.
        return true;
      case 'touch':
        return lasts;
      case 'update':
        return action.runs.every(({ found, made }) => unseen(made, found));
      case 'save':
        if (!lasts || !action.changes.every((changes) => unseen(changes))) return false;
        if (action.begins === undefined) return true;
        // What has begun without being seen can be seen by what the same request changes later.
        return Object.keys(action.begins.data).length > 0 && saves.get(action.by)?.length === 1;
      default:
        return false;
    }
  };
  return operations.filter((operation) => operation.answer !== 'unknown' || !isUnseen(operation));
}

/** Sessions that all end after the last answer do not end at all, which there is less to say of. */
export function withoutLateEnds(operations: readonly Operation[]): Operation[] {
  const times = operations.flatMap(({ called, returned }) => [called, returned]).filter(Number.isFinite);
  const last = Math.max(...times);
  const isLate = ({ action }: Operation) => !('deadline' in action) || action.deadline.at > last + 1_000;
  if (!operations.every(isLate)) return [...operations];
  return operations.map((operation) => {
    const { action } = operation;
    return 'deadline' in action
      ? { ...operation, action: { ...action, deadline: { ...action.deadline, at: Infinity } } }
      : operation;
  });
}

/** What saves nothing and puts off no end does nothing. */
function withoutIdle(operations: readonly Operation[]): Operation[] {
  return operations.filter(({ action }) => {
    if (!('deadline' in action) || action.deadline.at !== Infinity) return true;
    if (action.type === 'touch') return false;
    const saves = action.type === 'replace' || action.begins !== undefined;
    return saves || action.changes.some((changes) => Object.keys(changes).length > 0);
  });
}
