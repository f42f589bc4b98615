import type { Changes, Data, Operation } from '../model/operation.js';

/** Every key that occurs; sorted. */
export function keysIn(operations: readonly Operation[]): string[] {
  const keys = new Set<string>();
  const see = (data: Changes | undefined) => {
    for (const key of Object.keys(data ?? {})) keys.add(key);
  };
  for (const { action, answer } of operations) {
    if (action.type === 'save') for (const changes of action.changes) see(changes);
    if (action.type === 'replace') see(action.data);
    if (typeof answer !== 'string') see(answer.session);
  }
  return [...keys].sort();
}

/** A history as far as it is about these keys: what happens to one does not depend on the others. */
export function aboutKeys(operations: readonly Operation[], keys: readonly string[]): Operation[] {
  return operations.map((operation) => narrowed(operation, keys));
}

function narrowed(operation: Operation, keys: readonly string[]): Operation {
  const only = <Values extends Changes>(data: Values): Values =>
    Object.fromEntries(Object.entries(data).filter(([key]) => keys.includes(key))) as Values;
  const { action, answer } = operation;
  const answered: Operation =
    typeof answer === 'string'
      ? operation
      : { ...operation, answer: { session: answer.session && only<Data>(answer.session) } };
  if (action.type === 'save') {
    const begins = action.begins && { ...action.begins, data: only(action.begins.data) };
    return { ...answered, action: { ...action, changes: action.changes.map(only), begins } };
  }
  if (action.type === 'replace') return { ...answered, action: { ...action, data: only(action.data) } };
  if (action.type === 'update') {
    const runs = action.runs.map(({ found, made }) => ({ found: only(found), made: only(made) }));
    return { ...answered, action: { ...action, runs } };
  }
  return answered;
}
