import { parseArgs } from 'node:util';
import { type Condition, type Operation, operations } from '../bench/contestant.js';
import { MisuseError } from './misuse-error.js';
import { numberIn } from './number-in.js';

/** What `session-stores bench` was asked for. */
export interface BenchArguments {
  readonly command: 'bench';
  /** Paths or names of packages. */
  readonly modules: readonly string[];
  readonly against: readonly string[];
  readonly operations: readonly Operation[];
  readonly conditions: readonly Condition[];
  readonly rounds: number;
  readonly milliseconds: number;
  readonly isApplicationMeasured: boolean;
  /** Files, or `-` for the standard output. */
  readonly json: string | undefined;
  readonly markdown: string | undefined;
  readonly svg: string | undefined;
}

/** Throws a `MisuseError`. */
export function parseBench(args: readonly string[]): BenchArguments | { readonly command: 'help' } {
  const { values, positionals: modules } = parsed(args);
  if (values.help) return { command: 'help' };
  if (modules.length === 0) {
    throw new MisuseError("name the module of the store, for example 'session-stores bench ./my-store.js'");
  }
  const inFlight = numbersIn('--in-flight', values['in-flight'] ?? '1,64', 1, 100_000);
  const sizes = numbersIn('--sizes', values.sizes ?? '500', 300, 10_000_000);
  return {
    command: 'bench',
    modules,
    against: values.against ?? [],
    operations: operationsIn(values.operations),
    conditions: sizes.flatMap((size) => inFlight.map((calls) => ({ inFlight: calls, size }))),
    rounds: numberIn('--rounds', values.rounds ?? '5', 1, 1000),
    milliseconds: numberIn('--milliseconds', values.milliseconds ?? '200', 1, 60_000),
    isApplicationMeasured: values.application ?? false,
    json: values.json,
    markdown: values.markdown,
    svg: values.svg,
  };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        against: { type: 'string', multiple: true },
        operations: { type: 'string' },
        'in-flight': { type: 'string' },
        sizes: { type: 'string' },
        rounds: { type: 'string' },
        milliseconds: { type: 'string' },
        application: { type: 'boolean' },
        json: { type: 'string' },
        markdown: { type: 'string' },
        svg: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw new MisuseError((error as Error).message, { cause: error });
  }
}

function operationsIn(given: string | undefined): readonly Operation[] {
  if (given === undefined) return operations;
  const names = given.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !(operations as readonly string[]).includes(name));
  if (unknown !== undefined) {
    throw new MisuseError(`--operations: there is no '${unknown}'; there are ${operations.join(', ')}`);
  }
  return operations.filter((operation) => names.includes(operation));
}

function numbersIn(option: string, given: string, least: number, most: number): number[] {
  return [...new Set(given.split(',').map((text) => numberIn(option, text.trim(), least, most)))];
}
