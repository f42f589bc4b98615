import { type Awaitable, after, settling } from './awaitable.js';

/** Under which a promise carries its value. The same in all copies of this package. */
const carried = Symbol.for('@session-stores/core/value');

interface Carrying<T> {
  readonly [carried]?: T;
}

/**
 * A promise of answers that are there already. Core goes on with them in the same turn where a primitive of a backend returns
 * this, and so is as fast as a storage in memory can be. It is a promise like any other to everybody else; and what `then` or an async
 * function makes of it is one that core waits for, so whoever wraps a backend need not know of it.
 */
export function atOnce<T>(answers: T): Promise<T> {
  const promise: Promise<T> & { [carried]?: T } = Promise.resolve(answers);
  promise[carried] = answers;
  return promise;
}

/** What a primitive has answered, if that is known; otherwise a promise of it. */
export function answersOf<T>(given: Promise<T>): Awaitable<T> {
  const known = (given as Carrying<T> | undefined)?.[carried];
  return known ?? settling(given);
}

/** A promise of what `change` makes of the answers of a primitive, which core does not wait for where they are known. */
export function changed<T, Result>(given: Promise<T>, change: (answers: T) => Result): Promise<Result> {
  const answers = after(answersOf(given), change);
  return answers instanceof Promise ? answers : atOnce(answers);
}
