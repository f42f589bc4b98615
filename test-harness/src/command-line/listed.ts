import { MisuseError } from './misuse-error.js';

/** Those of `all` that an option names, with commas between them, in the order of `all`. Throws a `MisuseError`. */
export function listed<Name extends string>(option: string, given: string, all: readonly Name[]): Name[] {
  const names = given.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !(all as readonly string[]).includes(name));
  if (unknown !== undefined) {
    throw new MisuseError(`${option}: there is no '${unknown}'; there are ${all.join(', ')}`);
  }
  return all.filter((name) => names.includes(name));
}
