import type { State } from '../model/session-model.js';

const keys = new WeakMap<State, string>();

/** A text that is the same for the same state and for no other. */
export function keyOf(state: State): string {
  const known = keys.get(state);
  if (known !== undefined) return known;
  const { data, holders, begun, ends, destroyedAt, destroyingUntil, replacedAt, goneBy } = state;
  const times = `${ends.from} ${ends.to} ${destroyedAt} ${destroyingUntil} ${replacedAt} ${goneBy}`;
  const entries = data && Object.entries(data).sort(([one], [other]) => (one < other ? -1 : 1));
  const key = JSON.stringify([entries, holders, begun, times]);
  keys.set(state, key);
  return key;
}
