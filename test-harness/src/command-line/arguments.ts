import { parseArgs } from 'node:util';
import { type Area, areas, type Level, levels } from '../suite/check.js';
import { type BenchArguments, parseBench } from './bench-arguments.js';
import { MisuseError } from './misuse-error.js';
import { numberIn } from './number-in.js';

/** What `session-stores check` was asked for. */
export interface CheckArguments {
  readonly command: 'check';
  /** A path or the name of a package. */
  readonly module: string;
  readonly areas: readonly Area[] | undefined;
  /** The levels that were named, which are then the ones that decide about the exit code. */
  readonly levels: readonly Level[] | undefined;
  /** A file, or `-` for the standard output. */
  readonly json: string | undefined;
  readonly junit: string | undefined;
}

/** What `session-stores check --histories` was asked for. */
export interface HistoriesArguments {
  readonly command: 'histories';
  readonly module: string;
  /** `undefined`: one by chance. */
  readonly seed: number | undefined;
  readonly seconds: number;
  /** A file, or `-` for the standard output. */
  readonly json: string | undefined;
  /** A folder for pictures of violations. */
  readonly svg: string | undefined;
}

export type Arguments =
  | CheckArguments
  | HistoriesArguments
  | BenchArguments
  | { readonly command: 'help' }
  | { readonly command: 'version' };

/** Throws a `MisuseError`. */
export function parseArguments(args: readonly string[]): Arguments {
  if (args[0] === 'bench') return parseBench(args.slice(1));
  const { values, positionals } = parsed(args);
  if (values.help) return { command: 'help' };
  if (values.version) return { command: 'version' };
  const [command, module, ...rest] = positionals;
  if (command === undefined || command === 'help') return { command: 'help' };
  if (command !== 'check') {
    throw new MisuseError(`there is no command '${command}'; there are check and bench, the command first`);
  }
  if (module === undefined) {
    throw new MisuseError("name the module of the store, for example 'session-stores check ./my-store.js'");
  }
  if (rest.length > 0) throw new MisuseError(`one module at a time: '${rest.join("', '")}' is too much`);
  if (values.histories) return histories(module, values);
  for (const option of ['seed', 'seconds', 'svg'] as const) {
    if (values[option] !== undefined) throw new MisuseError(`--${option} goes with --histories`);
  }
  if (values.json === '-' && values.junit === '-') {
    throw new MisuseError('only one of --json and --junit can go to the standard output');
  }
  return {
    command: 'check',
    module,
    areas: namesIn('--area', values.area, areas),
    levels: namesIn('--level', values.level, levels),
    json: values.json,
    junit: values.junit,
  };
}

function histories(module: string, values: ReturnType<typeof parsed>['values']): HistoriesArguments {
  for (const option of ['area', 'level', 'junit'] as const) {
    if (values[option] !== undefined) throw new MisuseError(`--${option} does not go with --histories`);
  }
  return {
    command: 'histories',
    module,
    seed: values.seed === undefined ? undefined : numberIn('--seed', values.seed, 0, 2 ** 32 - 1),
    seconds: numberIn('--seconds', values.seconds ?? '10', 1, 86_400),
    json: values.json,
    svg: values.svg,
  };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: withStandardOutput(args),
      allowPositionals: true,
      options: {
        area: { type: 'string', multiple: true },
        level: { type: 'string', multiple: true },
        json: { type: 'string' },
        junit: { type: 'string' },
        histories: { type: 'boolean' },
        seed: { type: 'string' },
        seconds: { type: 'string' },
        svg: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
        version: { type: 'boolean', short: 'v' },
      },
    });
  } catch (error) {
    throw new MisuseError((error as Error).message, { cause: error });
  }
}

/** `--json` that no file follows means `--json -`; parseArgs has no options whose value may be left out. */
function withStandardOutput(args: readonly string[]): string[] {
  return args.map((arg, index) => {
    const next = args[index + 1];
    const isAlone = next === undefined || (next.startsWith('-') && next !== '-');
    return arg === '--json' && isAlone ? '--json=-' : arg;
  });
}

function namesIn<Name extends string>(
  option: string,
  given: readonly string[] | undefined,
  known: readonly Name[],
): Name[] | undefined {
  if (given === undefined) return undefined;
  const names = given.flatMap((value) => value.split(',')).map((name) => name.trim());
  for (const name of names) {
    if (!(known as readonly string[]).includes(name)) {
      throw new MisuseError(`${option}: there is no '${name}'; there are ${known.join(', ')}`);
    }
  }
  return [...new Set(names)] as Name[];
}
