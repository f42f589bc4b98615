/** Starts `work`; what it throws before there is a promise is a rejection like any other. */
export function attempt<Input, Result>(
  work: (input: Input) => Promise<Result>,
  input: Input,
): Promise<Result> {
  try {
    return Promise.resolve(work(input));
  } catch (error) {
    return Promise.reject(error);
  }
}
