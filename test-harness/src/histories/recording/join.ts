import type { Action, Operation } from '../../model/operation.js';
import type { Entry } from './log.js';

type Call = Extract<Entry, { entry: 'call' }>;
type Answered = Extract<Entry, { entry: 'answer' }>;
type Run = Extract<Entry, { entry: 'run' }>;

/** The history that these entries tell together, of however many processes and in whatever order they come. */
export function joined(entries: Iterable<Entry>): Operation[] {
  const calls: Call[] = [];
  const answers = new Map<string, Answered>();
  const runs = new Map<string, Run[]>();
  for (const entry of entries) {
    if (entry.entry === 'call') calls.push(entry);
    else if (entry.entry === 'answer') answers.set(entry.call, entry);
    else runs.set(entry.call, [...(runs.get(entry.call) ?? []), entry]);
  }
  return calls
    .sort((one, other) => one.at - other.at)
    .map((call, number) => operationOf(call, answers.get(call.call), runs.get(call.call) ?? [], number));
}

function operationOf(call: Call, answered: Answered | undefined, runs: Run[], number: number): Operation {
  const { session, store, client, at } = call;
  const answer = answered?.answer ?? 'unknown';
  const action: Action =
    call.action.type === 'update'
      ? { type: 'update', runs: runs.map(({ found, made }) => ({ found, made })) }
      : call.action;
  const isKnown = answered !== undefined && answer !== 'unknown';
  return {
    number,
    session,
    store,
    client,
    action,
    answer,
    called: at,
    returned: isKnown ? answered.at : Number.POSITIVE_INFINITY,
    failed: isKnown ? undefined : answered?.at,
  };
}
