import { MisuseError } from './misuse-error.js';

/** The whole number that was given to an option. Throws a `MisuseError` if it is none from `least` to `most`. */
export function numberIn(option: string, text: string, least: number, most: number): number {
  const value = text === '' ? Number.NaN : Number(text);
  if (!(Number.isInteger(value) && value >= least && value <= most)) {
    throw new MisuseError(`${option}: '${text}' is no whole number from ${least} to ${most}`);
  }
  return value;
}
