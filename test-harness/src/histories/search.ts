import type { Handle, Operation } from '../model/operation.js';
import { initial, type State, step } from '../model/session-model.js';
import { keyOf } from './state-key.js';

/** `undecided`: the search was stopped before it had an answer, which is never taken for `right`. */
export type Verdict = 'right' | 'wrong' | 'undecided';

/** What is asked: whether some order of these operations, all of one session, explains what they were answered. */
export interface Question {
  /** In the order of the calls. Each happens once, between call and answer; without an answer once or never. */
  readonly operations: readonly Operation[];
  /** Each may happen any number of times between its call and its answer, whatever the answer was. */
  readonly background?: readonly Operation[];
  /** What an operation of the background may make of a state. */
  readonly inBackground?: (state: State, operation: Operation) => readonly State[];
}

export interface Finding {
  readonly verdict: Verdict;
  readonly steps: number;
  /** No order could be found for what was answered until then; ms on the clock of the history. */
  readonly stuckAt: number;
}

interface Move {
  readonly state: State;
  /** The index of the operation that happens; `undefined`: one of the background. */
  readonly index: number | undefined;
}

/** An operation without an answer that has just happened, and the state that it happened in. */
interface Latest {
  readonly index: number;
  readonly before: State;
}

interface Node {
  readonly state: State;
  /** What may happen next; tried from the end. */
  readonly moves: Move[];
  /** The index of the operation that led here. */
  readonly taken: number | undefined;
  /** The latest call of what has happened so far. */
  readonly reached: number;
}

/**
 * Decides it as Wing and Gong do (1993): of the operations that no other had ended before, let one happen, see by the model
 * whether its answer fits, go on, and go back where nothing fits; with Lowe's improvement (2017): never go on twice from the
 * same operations that have happened and the same state. After `maxSteps` steps it is undecided.
 */
export function search(question: Question, maxSteps: number): Finding {
  return new Search(question).run(maxSteps);
}

class Search {
  readonly #operations: readonly Operation[];
  readonly #background: readonly Operation[];
  readonly #inBackground: (state: State, operation: Operation) => readonly State[];
  /** The indices of the operations without an answer, in order. */
  readonly #open: readonly number[];
  /** The index of the get that a session object comes from. */
  readonly #loads = new Map<Handle, number>();
  readonly #taken: Uint8Array;
  readonly #seen = new Set<string>();
  readonly #stateNumbers = new Map<string, number>();
  /** All answered operations before this index have happened. */
  #low = 0;
  #stuckAt = Number.NEGATIVE_INFINITY;

  constructor({ operations, background = [], inBackground = step }: Question) {
    this.#operations = operations;
    this.#background = background;
    this.#inBackground = inBackground;
    this.#open = operations.flatMap(({ answer }, index) => (answer === 'unknown' ? [index] : []));
    for (const [index, { action }] of operations.entries()) {
      if (action.type === 'get' && action.as !== undefined) this.#loads.set(action.as, index);
    }
    this.#taken = new Uint8Array(operations.length);
  }

  run(maxSteps: number): Finding {
    let steps = 0;
    const finding = (verdict: Verdict): Finding => ({ verdict, steps, stuckAt: this.#stuckAt });
    this.#advance();
    if (this.#isDone) return finding('right');
    const path = [this.#node(initial, undefined, Number.NEGATIVE_INFINITY)];
    for (let node = path.at(-1); node !== undefined; node = path.at(-1)) {
      const move = node.moves.pop();
      if (move === undefined) {
        path.pop();
        if (node.taken !== undefined) this.#undo(node.taken);
        continue;
      }
      if (steps === maxSteps) return finding('undecided');
      steps += 1;
      const { index, state } = move;
      if (index !== undefined) this.#take(index);
      if (this.#isDone) return finding('right');
      if (!this.#isNew(state)) {
        if (index !== undefined) this.#undo(index);
        continue;
      }
      path.push(this.#node(state, index, node.reached, node.state));
    }
    return finding('wrong');
  }

  #node(state: State, taken: number | undefined, before: number, from: State = state): Node {
    const operation = taken === undefined ? undefined : this.#operations[taken];
    const reached = Math.max(before, operation?.called ?? before);
    const latest =
      taken !== undefined && operation?.answer === 'unknown' ? { index: taken, before: from } : undefined;
    return { state, taken, reached, moves: this.#movesFrom(state, reached, latest) };
  }

  /** What can happen next: what was called before any other was answered that has not happened yet. */
  #movesFrom(state: State, reached: number, latest: Latest | undefined): Move[] {
    const ready: number[] = [];
    let firstAnswer = Number.POSITIVE_INFINITY;
    for (let index = this.#low; index < this.#operations.length; index++) {
      const operation = this.#operations[index] as Operation;
      if (operation.called > firstAnswer) break;
      if (this.#taken[index] || operation.answer === 'unknown') continue;
      ready.push(index);
      firstAnswer = Math.min(firstAnswer, operation.returned);
    }
    this.#stuckAt = Math.max(this.#stuckAt, firstAnswer);
    const moves: Move[] = [];
    for (const index of ready) {
      const operation = this.#operations[index] as Operation;
      const states = step(state, operation);
      // What never changes anything can as well happen now as later.
      if (states.length > 0 && states.every((each) => each === state) && this.#isIdle(operation, state)) {
        return [{ state, index }];
      }
      for (const next of states) {
        if (latest === undefined || !this.#couldWait(latest, operation, next))
          moves.push({ state: next, index });
      }
    }
    moves.push(...this.#openMoves(state, firstAnswer), ...this.#backgroundMoves(state, reached, firstAnswer));
    // Who was answered first probably happened first; what may never have happened is tried last.
    return moves.sort((one, other) => this.#answeredAt(other) - this.#answeredAt(one));
  }

  /** Whether an operation that changes nothing in this state changes nothing in any that follows. */
  #isIdle({ action, answer }: Operation, { begun }: State): boolean {
    // The background may still have other states to offer.
    if (this.#background.length > 0) return false;
    switch (action.type) {
      case 'get':
        return action.as === undefined;
      case 'update':
        // One that ran may have changed the session before what it found ended.
        return (
          action.runs.length === 0 &&
          answer !== 'done' &&
          answer !== 'unknown' &&
          answer.session === undefined
        );
      case 'save':
      case 'touch': {
        const load = this.#loads.get(action.by);
        const mayBegin = action.type === 'save' && action.begins !== undefined && !begun.includes(action.by);
        return !mayBegin && (load === undefined ? begun.includes(action.by) : this.#taken[load] === 1);
      }
      default:
        return false;
    }
  }

  #openMoves(state: State, firstAnswer: number): Move[] {
    const moves: Move[] = [];
    let destroys = false;
    for (const index of this.#open) {
      const operation = this.#operations[index] as Operation;
      if (operation.called > firstAnswer) break;
      if (this.#taken[index]) continue;
      if (operation.action.type === 'destroy') {
        // One is as good as another.
        if (destroys) continue;
        destroys = true;
      }
      for (const next of step(state, operation)) {
        // If it changes nothing it may as well happen never.
        if (this.#numberOf(next) !== this.#numberOf(state)) moves.push({ state: next, index });
      }
    }
    return moves;
  }

  /**
   * Whether `latest` might as well have happened after `operation`, and to the same end. What was not answered can always
   * wait, so it is searched only there.
   */
  #couldWait({ index, before }: Latest, operation: Operation, end: State): boolean {
    const waiting = this.#operations[index] as Operation;
    return step(before, operation).some((between) =>
      step(between, waiting).some((after) => this.#numberOf(after) === this.#numberOf(end)),
    );
  }

  #backgroundMoves(state: State, reached: number, firstAnswer: number): Move[] {
    return this.#background
      .filter(({ called, returned }) => called <= firstAnswer && returned >= reached)
      .flatMap((operation) => this.#inBackground(state, operation))
      .map((next) => ({ state: next, index: undefined }));
  }

  #answeredAt({ index }: Move): number {
    if (index === undefined) return Number.MAX_VALUE;
    return Math.min(this.#operations[index]?.returned ?? 0, Number.MAX_SAFE_INTEGER);
  }

  get #isDone(): boolean {
    return this.#low === this.#operations.length;
  }

  #take(index: number): void {
    this.#taken[index] = 1;
    this.#advance();
  }

  #undo(index: number): void {
    this.#taken[index] = 0;
    if (this.#operations[index]?.answer !== 'unknown') this.#low = Math.min(this.#low, index);
  }

  #advance(): void {
    while (
      this.#low < this.#operations.length &&
      (this.#taken[this.#low] || this.#operations[this.#low]?.answer === 'unknown')
    ) {
      this.#low += 1;
    }
  }

  /** Whether the search has not been here before: with what has happened, and in this state. */
  #isNew(state: State): boolean {
    const ahead: number[] = [];
    for (let index = this.#low; index < this.#operations.length; index++) {
      // What has happened was called before what has not was answered.
      if ((this.#operations[index] as Operation).called > (this.#operations[this.#low] as Operation).returned)
        break;
      if (this.#taken[index]) ahead.push(index);
    }
    const openBefore = this.#open.filter((index) => index < this.#low && this.#taken[index]);
    const place = `${this.#low} ${ahead} ${openBefore} ${this.#numberOf(state)}`;
    if (this.#seen.has(place)) return false;
    this.#seen.add(place);
    return true;
  }

  #numberOf(state: State): number {
    const key = keyOf(state);
    const number = this.#stateNumbers.get(key) ?? this.#stateNumbers.size;
    this.#stateNumbers.set(key, number);
    return number;
  }
}
