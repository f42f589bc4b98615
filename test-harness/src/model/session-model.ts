import {
  type Beginning,
  type Changes,
  changed,
  type Data,
  type Deadline,
  type Handle,
  type Operation,
  sameData,
  type Update,
} from './operation.js';

/**
 * What a session store is: under an id there is no session, or a map of keys. One operation happens after another, each at
 * one moment between its call and its answer, and this is what each does and may answer:
 *
 * | operation          | where no session is                            | where one is                                  |
 * | ------------------ | ---------------------------------------------- | --------------------------------------------- |
 * | get                | answers that there is none                     | answers its data; the caller now holds it     |
 * | save, holding it   |                                                | puts its changes, and no more, onto the data  |
 * | save, holding what | succeeds and does nothing: a logout is final   | the same                                      |
 * | has ended          |                                                |                                               |
 * | save, first of a   | begins a session, which the caller holds       | ends the one that is there and begins another |
 * | session just made  | (or nothing, if an id was destroyed since it   |                                               |
 * |                    | was made: that may have been meant for it)     |                                               |
 * | touch              | as a save without changes                      | the same                                      |
 * | replace            | begins a session                               | replaces the data, or begins another session  |
 * | update             | answers that there is none                     | replaces what it found by what it made of it; |
 * |                    |                                                | answers that there is none if what it found   |
 * |                    |                                                | ends meanwhile, changed or not                |
 * | destroy            | does nothing                                   | ends the session, and until it is answered    |
 * |                    |                                                | any that begins under the id meanwhile        |
 * | time               |                                                | ends the session when its deadline has passed |
 *
 * A destroy whose reply was lost is repeated, and does not know whether what it meets then is what it was to end: to end one
 * session too many does less harm than to leave one.
 *
 * When a session ends, nobody holds it any more. So whoever holds one that has ended can never bring it back, and a
 * session that begins under the same id is another one.
 */
export interface State {
  /** `undefined`: no session. */
  readonly data: Data | undefined;
  /** The session objects that were loaded or begun from the session that is there; sorted. */
  readonly holders: readonly Handle[];
  /** The session objects that requests have made and that have begun once; sorted. They cannot begin again. */
  readonly begun: readonly Handle[];
  /** When the session ends: not before the one, not after the other, because nobody sees the storage's clock. */
  readonly ends: { readonly from: number; readonly to: number };
  /** When the destroys so far were called, the last of them. */
  readonly destroyedAt: number;
  /** By when the destroys that have happened are answered, the last of them. `-Infinity`: that has passed. */
  readonly destroyingUntil: number;
  /** When whoever has begun a session in the place of another was answered, the last of them. */
  readonly replacedAt: number;
  /** By when it has ended: whoever has changed it was answered then that there is none. `Infinity`: nobody was. */
  readonly goneBy: number;
}

const never = { from: Number.POSITIVE_INFINITY, to: Number.POSITIVE_INFINITY };

/** An id that has never had a session. */
export const initial: State = {
  data: undefined,
  holders: [],
  begun: [],
  ends: never,
  destroyedAt: Number.NEGATIVE_INFINITY,
  destroyingUntil: Number.NEGATIVE_INFINITY,
  replacedAt: Number.NEGATIVE_INFINITY,
  goneBy: Number.POSITIVE_INFINITY,
};

/**
 * What there may be after `operation`, if it happens where `state` is. Nothing: then it cannot have been answered what it
 * was. More than one: the model leaves it open. An unknown answer fits everything.
 */
export function step(state: State, operation: Operation): readonly State[] {
  return atSomeMoment(state, operation)
    .filter(({ data, goneBy }) => data === undefined || operation.called <= goneBy)
    .flatMap((now) => outcomes(now, operation))
    .flatMap((after) => besideDestroys(after, operation));
}

/** What happens while a destroy is under way may be ended by it once more. */
function besideDestroys(state: State, { called }: Operation): readonly State[] {
  const { data, destroyingUntil } = state;
  if (destroyingUntil < called) {
    const over = Number.NEGATIVE_INFINITY;
    return [destroyingUntil === over ? state : { ...state, destroyingUntil: over }];
  }
  return data === undefined ? [state] : [state, ended(state)];
}

/** A store that may hide the session may also act as if there were none. */
function outcomes(state: State, operation: Operation): readonly State[] {
  const usual = effects(state, operation);
  return operation.mayHide && findsNone(operation) ? [...usual, state] : usual;
}

/** The session as it may be at a moment between call and answer: still there, or ended by time. */
function atSomeMoment(state: State, { called, returned }: Operation): readonly State[] {
  if (state.data === undefined || state.ends.from === Number.POSITIVE_INFINITY) return [state];
  const there = called < state.ends.to ? [state] : [];
  return returned >= state.ends.from ? [...there, ended(state)] : there;
}

function effects(state: State, operation: Operation): readonly State[] {
  const { action, answer } = operation;
  switch (action.type) {
    case 'get':
      return answers(operation, state.data) ? [held(state, action.as)] : [];
    case 'touch':
      return [state.holders.includes(action.by) ? lasting(state, action.deadline, operation) : state];
    case 'save': {
      const { by, changes, begins, deadline } = action;
      if (state.holders.includes(by)) {
        return changes.map((each) => lasting(written(state, each), deadline, operation));
      }
      if (begins === undefined || state.begun.includes(by)) return [state];
      const another = { ...beginning(state, begins, by), replacedAt: replacedBy(operation, state) };
      const begun = lasting(another, { ...deadline, exact: true }, operation);
      return state.destroyedAt > begins.made ? [begun, state] : [begun];
    }
    case 'replace': {
      const { data, deadline } = action;
      const another = { ...ended(state), data, replacedAt: replacedBy(operation, state) };
      const begun = lasting(another, { ...deadline, exact: true }, operation);
      return state.data === undefined ? [begun] : [lasting({ ...state, data }, deadline, operation), begun];
    }
    case 'update': {
      if (state.data === undefined) return answers(operation, undefined) ? [state] : [];
      if (typeof answer !== 'string' && answer.session === undefined) {
        return updatedOfEnded(state, action, operation);
      }
      // Of an update that was answered the last run counts; which one did of another, nobody knows.
      const runs = answer === 'unknown' ? action.runs : action.runs.slice(-1);
      return runs.flatMap(({ found, made }) =>
        state.data !== undefined && sameData(found, state.data) && answers(operation, made)
          ? [{ ...state, data: made }]
          : [],
      );
    }
    case 'destroy': {
      const destroyedAt = Math.max(state.destroyedAt, operation.called);
      // One that was not answered may happen at any time anyway.
      const until = answer === 'unknown' ? state.destroyingUntil : operation.returned;
      return [{ ...ended(state), destroyedAt, destroyingUntil: Math.max(state.destroyingUntil, until) }];
    }
  }
}

/** Whether the caller was told that there is no session, or was told nothing. */
function findsNone({ action, answer }: Operation): boolean {
  return (
    action.type === 'save' ||
    action.type === 'touch' ||
    (answer !== 'done' && answer !== 'unknown' && answer.session === undefined)
  );
}

/** Whether the answer, where it tells of a session, tells of this one. */
function answers({ answer }: Operation, data: Data | undefined): boolean {
  if (typeof answer === 'string') return true;
  if (answer.session === undefined || data === undefined) return answer.session === data;
  return sameData(answer.session, data);
}

function ended(state: State): State {
  return state.data === undefined
    ? state
    : { ...state, data: undefined, holders: [], ends: never, goneBy: Number.POSITIVE_INFINITY };
}

function held(state: State, handle: Handle | undefined): State {
  if (handle === undefined || state.data === undefined) return state;
  return { ...state, holders: inserted(state.holders, handle) };
}

function beginning(state: State, { data }: Beginning, by: Handle): State {
  return { ...ended(state), data, holders: [by], begun: inserted(state.begun, by) };
}

/** What it found ended while it ran; a change may have been made before, of which only the reply was lost. */
function updatedOfEnded(state: State, { runs }: Update, { called, returned }: Operation): State[] {
  if (runs.length === 0) return [];
  const unchanged = state.replacedAt >= called ? [state] : [];
  const made = runs.find(({ found }) => state.data !== undefined && sameData(found, state.data))?.made;
  const goneBy = Math.min(state.goneBy, returned);
  return made === undefined ? unchanged : [...unchanged, { ...state, data: made, goneBy }];
}

function replacedBy({ returned }: Operation, { data, replacedAt }: State): number {
  return data === undefined ? replacedAt : Math.max(replacedAt, returned);
}

function written(state: State, changes: Changes): State {
  return state.data === undefined ? state : { ...state, data: changed(state.data, changes) };
}

/** Ms by which two clocks that count whole ms can differ on one end. */
const clockGrain = 2;

/** The storage may count a lifetime from any moment between the call and the answer. */
function lasting(state: State, { at, exact }: Deadline, { called, returned }: Operation): State {
  const ends = { from: at - clockGrain, to: at + returned - called + clockGrain };
  const { from, to } = state.ends;
  return {
    ...state,
    ends: exact ? ends : { from: Math.max(from, ends.from), to: Math.max(to, ends.to) },
  };
}

function inserted(handles: readonly Handle[], handle: Handle): readonly Handle[] {
  return handles.includes(handle) ? handles : [...handles, handle].sort();
}
