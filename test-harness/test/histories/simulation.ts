import fc from 'fast-check';
import type { Action, Answer, Data, Operation } from '../../src/model/operation.js';

/** One thing that somebody does, and how long before and after its moment it was called and answered. */
interface Deed {
  readonly type: 'begin' | 'get' | 'save' | 'touch' | 'replace' | 'update' | 'destroy';
  /** Which of the session objects at hand. */
  readonly which: number;
  readonly key: 'a' | 'b';
  readonly value: number;
  readonly before: number;
  readonly after: number;
  /** A percentage: up to `unanswered` of the simulation it is not answered, and half of that not done either. */
  readonly fate: number;
  readonly store: 'p' | 'q';
  readonly lifetime: number;
}

const deed: fc.Arbitrary<Deed> = fc.record({
  type: fc.constantFrom(
    'get',
    'begin',
    'save',
    'save',
    'touch',
    'replace',
    'update',
    'destroy',
    'get',
    'get',
  ),
  which: fc.nat(9),
  key: fc.constantFrom('a', 'b'),
  value: fc.nat(2),
  before: fc.integer({ min: 1, max: 35 }),
  after: fc.integer({ min: 1, max: 35 }),
  fate: fc.nat(99),
  store: fc.constantFrom('p', 'q'),
  lifetime: fc.constantFrom(1e9, 1e9, 45),
});

interface Simulation {
  /** How many operations there are at the most. */
  readonly maxLength: number;
  /** How many percent of them are not answered. */
  readonly unanswered: number;
  /** No value is written twice. */
  readonly uniqueValues?: boolean;
  /** Some sessions end by themselves. */
  readonly mortal?: boolean;
}

/** Histories that a right store has made. */
export function rightHistories(simulation: Simulation): fc.Arbitrary<Operation[]> {
  const { maxLength, unanswered, uniqueValues = false, mortal = false } = simulation;
  return fc
    .array(deed, { maxLength, minLength: 1, size: 'max' })
    .map((deeds) => (uniqueValues ? deeds.map((each, value) => ({ ...each, value })) : deeds))
    .map((deeds) => (mortal ? deeds : deeds.map((each) => ({ ...each, lifetime: 1e9 }))))
    .map((deeds) => simulate(deeds, unanswered));
}

/** The same with one answer that was altered: most of them are wrong. */
export function alteredHistories(simulation: Simulation): fc.Arbitrary<Operation[]> {
  const choice = fc.record({ which: fc.nat(99), how: fc.constantFrom('vanish', 'lose key', 'other value') });
  return fc.tuple(rightHistories(simulation), choice).map(([history, { which, how }]) => {
    const looks = history.filter(({ answer }) => typeof answer !== 'string');
    const altered = looks[which % Math.max(1, looks.length)];
    return history.map((operation) => (operation === altered ? alter(operation, how) : operation));
  });
}

function alter(operation: Operation, how: 'vanish' | 'lose key' | 'other value'): Operation {
  const { answer } = operation;
  if (typeof answer === 'string') return operation;
  if (answer.session === undefined) return { ...operation, answer: { session: { a: '0' } } };
  if (how === 'vanish') return { ...operation, answer: { session: undefined } };
  const { a: _, ...withoutA } = answer.session;
  return { ...operation, answer: { session: how === 'lose key' ? withoutA : { ...answer.session, a: '1' } } };
}

/** A session store of a few lines, with its deeds done one after another, each at one moment. */
function simulate(deeds: readonly Deed[], unanswered: number): Operation[] {
  let there: { data: Data; holders: Set<string>; end: number } | undefined;
  const handles: string[] = [];
  const operations: Omit<Operation, 'number'>[] = [];
  let lastUpdate: { answer: Answer; readonly returned: number } | undefined;
  for (const [index, each] of deeds.entries()) {
    const moment = index * 10;
    const [called, answered] = [moment - each.before, moment + each.after];
    const deadline = { at: called + each.lifetime, exact: false };
    const isAnswered = each.fate >= unanswered;
    const done = isAnswered || each.fate * 2 < unanswered;
    const change: Data = { [each.key]: JSON.stringify(each.value) };
    const by = handles[each.which % Math.max(1, handles.length)] ?? 'nobody';
    if (there !== undefined && there.end <= moment) there = undefined;
    let action: Action = { type: 'destroy' };
    let answer: Answer = 'done';
    switch (each.type) {
      case 'begin': {
        const handle = `made${index}`;
        handles.push(handle);
        const begins = { data: change, made: called };
        action = { type: 'save', by: handle, changes: [change], begins, deadline };
        if (done) there = { data: change, holders: new Set([handle]), end: deadline.at };
        break;
      }
      case 'get':
        action = { type: 'get', as: `loaded${index}` };
        answer = { session: there?.data };
        if (isAnswered && there !== undefined) {
          there.holders.add(`loaded${index}`);
          handles.push(`loaded${index}`);
        }
        break;
      case 'save':
      case 'touch':
        if (done && there?.holders.has(by)) {
          there.end = Math.max(there.end, deadline.at);
          if (each.type === 'save') there.data = { ...there.data, ...change };
        }
        action =
          each.type === 'touch'
            ? { type: 'touch', by, deadline }
            : { type: 'save', by, changes: [change], deadline };
        break;
      case 'replace':
        action = { type: 'replace', data: change, deadline };
        if (done && there !== undefined) {
          there = { ...there, data: change, end: Math.max(there.end, deadline.at) };
        } else if (done) {
          there = { data: change, holders: new Set(), end: deadline.at };
        }
        break;
      case 'update': {
        const found = there?.data;
        const made = found && { ...found, ...change };
        action = { type: 'update', runs: found && made ? [{ found, made }] : [] };
        answer = { session: made };
        if (done && there !== undefined && made !== undefined) there.data = made;
        break;
      }
      default:
        // What it has changed ends while it runs.
        if (done && lastUpdate !== undefined && lastUpdate.returned > moment && each.which < 5) {
          lastUpdate.answer = { session: undefined };
        }
        if (done) there = undefined;
    }
    if (action.type !== 'get' && action.type !== 'touch' && done) lastUpdate = undefined;
    // Who asked and was told nothing has nothing to tell.
    if (action.type === 'get' && !isAnswered) continue;
    const operation: Omit<Operation, 'number' | 'answer'> & { answer: Answer } = {
      session: 'ada',
      store: each.store,
      action,
      answer: isAnswered ? answer : 'unknown',
      called,
      returned: isAnswered ? answered : Number.POSITIVE_INFINITY,
    };
    operations.push(operation);
    if (action.type === 'update' && isAnswered && action.runs.length > 0) lastUpdate = operation;
  }
  return operations
    .sort((one, other) => one.called - other.called)
    .map((operation, number) => ({ ...operation, number }));
}
