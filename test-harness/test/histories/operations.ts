import type {
  Action,
  Answer,
  Changes,
  Data,
  Deadline,
  Handle,
  Operation,
} from '../../src/model/operation.js';

/** Values as a history has them. */
export type Values = Readonly<Record<string, unknown>>;

const forever: Deadline = { at: Number.POSITIVE_INFINITY, exact: false };

/** Ms on the clock of a hand-written history at which a session ends. */
export function until(at: number, exact = false): Deadline {
  return { at, exact };
}

/** What is called, and what is answered if somebody answers. */
export type Asked = readonly [Action, Exclude<Answer, 'unknown'>];

export function begin(by: Handle, data: Values, { made = 0, deadline = forever } = {}): Asked {
  const begins = { data: dataOf(data), made };
  return [{ type: 'save', by, changes: [begins.data], begins, deadline }, 'done'];
}

/** Saves what was loaded. A key that is `undefined` was deleted. Several: one of them was what had changed. */
export function save(by: Handle, ...changes: readonly Values[]): Asked {
  return [{ type: 'save', by, changes: changes.map(changesOf), deadline: forever }, 'done'];
}

export function get(found: Values | undefined, as?: Handle): Asked {
  return [{ type: 'get', as }, { session: found && dataOf(found) }];
}

export function touch(by: Handle, deadline = forever): Asked {
  return [{ type: 'touch', by, deadline }, 'done'];
}

export function replace(data: Values, deadline = forever): Asked {
  return [{ type: 'replace', data: dataOf(data), deadline }, 'done'];
}

export function update(...runs: readonly (readonly [found: Values, made: Values])[]): Asked {
  const all = runs.map(([found, made]) => ({ found: dataOf(found), made: dataOf(made) }));
  return [{ type: 'update', runs: all }, { session: all.at(-1)?.made }];
}

export const destroy: Asked = [{ type: 'destroy' }, 'done'];

/** A call with its times; `'never'`: nobody knows what became of it. */
export type Line = readonly [store: string, called: number, returned: number | 'never', asked: Asked];

/** A hand-written history of the session `ada`. */
export function historyOf(...lines: readonly Line[]): Operation[] {
  return [...lines]
    .sort(([, one], [, other]) => one - other)
    .map(([store, called, returned, [action, answer]], number) => ({
      number,
      session: 'ada',
      store,
      action,
      answer: returned === 'never' ? 'unknown' : answer,
      called,
      returned: returned === 'never' ? Number.POSITIVE_INFINITY : returned,
    }));
}

function dataOf(values: Values): Data {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, JSON.stringify(value)]));
}

function changesOf(values: Values): Changes {
  return Object.fromEntries(
    Object.entries(values).map(([key, value]) => [key, value === undefined ? null : JSON.stringify(value)]),
  );
}
