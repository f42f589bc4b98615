/** Somebody used the command in a way that it does not understand. The message says what to do instead. */
export class MisuseError extends Error {
  override readonly name = 'MisuseError';
}
