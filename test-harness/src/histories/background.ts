import type { Operation } from '../model/operation.js';
import { type State, step } from '../model/session-model.js';

/**
 * What the operations may do of which nothing is known but when they may have happened, as far as it matters to `kept`, the
 * others: more than the model allows. So what contradicts itself before such a background does so in the whole history too.
 */
export function inBackgroundOf(
  kept: readonly Operation[],
): (state: State, operation: Operation) => readonly State[] {
  const saving = new Set(kept.flatMap(({ action }) => ('by' in action ? [action.by] : [])));
  const made = kept.flatMap(({ action }) =>
    action.type === 'save' && action.begins !== undefined ? [action.begins.made] : [],
  );
  const updated = kept.flatMap(({ action, called }) => (action.type === 'update' ? [called] : []));
  const asFarAsItMatters = (state: State): State => ({
    ...state,
    holders: state.holders.filter((handle) => saving.has(handle)),
    begun: state.begun.filter((handle) => saving.has(handle)),
    // Any time between the same two makings is as good.
    destroyedAt: Math.min(...made.filter((time) => time >= state.destroyedAt)),
    replacedAt: Math.max(...updated.filter((time) => time <= state.replacedAt)),
  });
  return (state, operation) => happened(state, operation).map(asFarAsItMatters);
}

function happened(state: State, operation: Operation): readonly State[] {
  const { action } = operation;
  const forgotten: Operation = { ...operation, answer: 'unknown' };
  if (action.type !== 'save' || state.holders.includes(action.by)) return step(state, forgotten);
  // Who held what is forgotten with it.
  const holding = { ...state, holders: [...state.holders, action.by] };
  const saved = state.data === undefined ? [] : step(holding, forgotten);
  const begun = action.begins === undefined ? [] : step({ ...state, begun: [] }, forgotten);
  return [
    ...saved.map((each) => ({ ...each, holders: state.holders })),
    ...begun.map((each) => ({ ...each, begun: state.begun })),
  ];
}
