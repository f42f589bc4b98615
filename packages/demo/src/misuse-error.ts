/** Somebody started the demo in a way that cannot work. The message says what to do instead. */
export class MisuseError extends Error {
  override readonly name = 'MisuseError';
}
