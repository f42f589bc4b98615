import { type Awaitable, settling } from './awaitable.js';

/** Starts `work`; what it throws is a rejection like any other. */
export function attempt<Input, Result>(
  work: (input: Input) => Awaitable<Result>,
  input: Input,
): Awaitable<Result> {
  try {
    return settling(work(input));
  } catch (error) {
    return Promise.reject(error);
  }
}
