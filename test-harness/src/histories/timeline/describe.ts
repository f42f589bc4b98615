import type { Changes, Data, Handle, History, Operation } from '../../model/operation.js';
import type { Bar, Timeline } from './layout.js';

/** So much of a value is shown. */
const longest = 40;

/**
 * Says what was called and answered, in words. Of values only those that the history itself has written are shown: whatever
 * else a store answers may be anybody's.
 */
export class Describer {
  readonly #keys: readonly string[];
  readonly #written: Set<string>;
  readonly #labels: ReadonlyMap<Handle, string>;

  constructor({ keys, bars }: Timeline, history: History) {
    this.#keys = keys;
    this.#written = writtenIn(history);
    this.#labels = labelsOf(bars);
  }

  /** What was done, and what was answered. */
  describe(bar: Bar): { readonly did: string; readonly came: string } {
    return { did: this.#did(bar), came: this.#came(bar.operation) };
  }

  #did({ label, operation: { action, session } }: Bar): string {
    switch (action.type) {
      case 'get':
        return 'get';
      case 'destroy':
        return session === undefined ? 'clear' : 'destroy';
      case 'touch':
        return `touch${this.#what(action.by)}`;
      case 'replace':
        return `set a plain object${this.#with(action.data)}`;
      case 'save': {
        const isFirst = action.begins !== undefined && this.#labels.get(action.by) === label;
        const what = isFirst ? ' a new session' : this.#what(action.by);
        const changes = action.changes.map((each) => this.#changes(each)).filter((text) => text !== '');
        return `save${what}${changes.length === 0 ? '' : `: ${[...new Set(changes)].join(', or ')}`}`;
      }
      case 'update': {
        if (action.runs.length === 0) return 'update (its function did not run)';
        const runs = action.runs.map(
          ({ found, made }) => `found ${this.#data(found)}, made ${this.#data(made)}`,
        );
        return `update: ${runs.join('; again: ')}`;
      }
    }
  }

  #came({ action, answer, failed }: Operation): string {
    if (answer === 'unknown') {
      const how = failed === undefined ? 'no answer' : 'an error';
      return `${how}: it may have happened at any moment since, or never`;
    }
    if (answer === 'done') return 'success';
    if (answer.session === undefined) return 'no session';
    return action.type === 'update' ? 'success' : this.#data(answer.session);
  }

  /** What a request had loaded or made before. */
  #what(handle: Handle): string {
    const label = this.#labels.get(handle);
    return label === undefined ? ' what was loaded before' : ` what ${label} has`;
  }

  #with(data: Data): string {
    return this.#keys.length === 0 ? '' : ` ${this.#data(data)}`;
  }

  #data(data: Data): string {
    if (this.#keys.length === 0) return 'a session';
    const entries = Object.entries(data).map(([key, value]) => `${key} = ${this.#value(value)}`);
    return entries.length > 0 ? `{ ${entries.join(', ')} }` : `a session without ${this.#keys.join(', ')}`;
  }

  #changes(changes: Changes): string {
    return Object.entries(changes)
      .map(([key, value]) => (value === null ? `without ${key}` : `${key} = ${this.#value(value)}`))
      .join(', ');
  }

  #value(text: string): string {
    if (!this.#written.has(text)) return 'what nobody wrote';
    return text.length > longest ? `${text.slice(0, longest - 1)}…` : text;
  }
}

function writtenIn(history: History): Set<string> {
  const written = new Set<string>();
  const see = (data: Changes = {}) => {
    for (const value of Object.values(data)) if (value !== null) written.add(value);
  };
  for (const { action } of history) {
    if (action.type === 'save') for (const each of [...action.changes, action.begins?.data]) see(each);
    if (action.type === 'replace') see(action.data);
    // What a function found it did not write.
    if (action.type === 'update') {
      for (const { found, made } of action.runs) {
        see(Object.fromEntries(Object.entries(made).filter(([key, value]) => found[key] !== value)));
      }
    }
  }
  return written;
}

/** Which bar loaded or first saved a session object. */
function labelsOf(bars: readonly Bar[]): Map<Handle, string> {
  const labels = new Map<Handle, string>();
  for (const { operation, label } of bars) {
    const { action } = operation;
    if (action.type === 'get' && action.as !== undefined) labels.set(action.as, label);
    if (action.type === 'save' && action.begins !== undefined && !labels.has(action.by)) {
      labels.set(action.by, label);
    }
  }
  return labels;
}
