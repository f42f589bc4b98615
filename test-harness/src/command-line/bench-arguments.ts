import { parseArgs } from 'node:util';
import { operations } from '../bench/contestant.js';
import type { Plan } from '../bench/report.js';
import { listed } from './listed.js';
import { MisuseError } from './misuse-error.js';
import { numberIn } from './number-in.js';

/** What `session-stores bench` was asked for. */
export interface BenchArguments extends Plan {
  readonly command: 'bench';
  /** Paths or names of packages. */
  readonly modules: readonly string[];
  readonly against: readonly string[];
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
  return {
    command: 'bench',
    modules,
    against: values.against ?? [],
    ...planOf(values),
    isApplicationMeasured: values.application ?? false,
    json: values.json,
    markdown: values.markdown,
    svg: values.svg,
  };
}

/** The options that say what is measured. */
export const planOptions = {
  operations: { type: 'string' },
  'in-flight': { type: 'string' },
  sizes: { type: 'string' },
  rounds: { type: 'string' },
  milliseconds: { type: 'string' },
} as const;

/** What they say. Throws a `MisuseError`. */
export function planOf(values: { readonly [Option in keyof typeof planOptions]?: string | undefined }): Plan {
  const inFlight = numbersIn('--in-flight', values['in-flight'] ?? '1,64', 1, 100_000);
  const sizes = numbersIn('--sizes', values.sizes ?? '500', 300, 10_000_000);
  return {
    operations:
      values.operations === undefined ? operations : listed('--operations', values.operations, operations),
    conditions: sizes.flatMap((size) => inFlight.map((calls) => ({ inFlight: calls, size }))),
    rounds: numberIn('--rounds', values.rounds ?? '5', 1, 1000),
    milliseconds: numberIn('--milliseconds', values.milliseconds ?? '200', 1, 60_000),
  };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        against: { type: 'string', multiple: true },
        ...planOptions,
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

function numbersIn(option: string, given: string, least: number, most: number): number[] {
  return [...new Set(given.split(',').map((text) => numberIn(option, text.trim(), least, most)))];
}
