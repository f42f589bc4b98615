import { createRequire } from 'node:module';
import type { Writable } from 'node:stream';
import type { CheckResult, Level } from '../suite/check.js';
import { type CheckOptions, checkSessionStore, chosen } from '../suite/run-checks.js';
import { type CheckArguments, parseArguments } from './arguments.js';
import { bench } from './bench.js';
import { deliver } from './deliver.js';
import { help } from './help.js';
import { histories } from './histories.js';
import { jsonReport } from './json-report.js';
import { junitReport } from './junit-report.js';
import { loadSubject } from './load-subject.js';
import { matrix } from './matrix.js';
import { MisuseError } from './misuse-error.js';
import { paintFor } from './paint.js';
import { Progress } from './progress.js';
import { count, decisive, isInterrupted, type Report } from './report.js';

/** What the command is connected to. */
export interface Surface {
  readonly stdout: Writable;
  readonly stderr: Writable;
  readonly env: NodeJS.ProcessEnv;
  /** Calls `interrupted` when somebody wants the run to end early. */
  readonly onInterrupt: (interrupted: () => void) => void;
}

/** Runs `session-stores` with these arguments and resolves to the exit code, which `help.ts` explains. */
export async function runCommand(args: readonly string[], surface: Surface): Promise<number> {
  try {
    const asked = parseArguments(args);
    if (asked.command === 'check') return await check(asked, surface);
    if (asked.command === 'histories') return await histories(asked, version(), surface);
    if (asked.command === 'bench') return await bench(asked, surface);
    surface.stdout.write(asked.command === 'help' ? help : `${version()}\n`);
    return 0;
  } catch (error) {
    if (!(error instanceof MisuseError)) throw error;
    surface.stderr.write(`session-stores: ${error.message}\n\n'session-stores --help' says more.\n`);
    return 2;
  }
}

async function check(asked: CheckArguments, surface: Surface): Promise<number> {
  const stopping = new AbortController();
  const options: CheckOptions = { areas: asked.areas, levels: asked.levels, signal: stopping.signal };
  const checks = chosen(options);
  if (checks.length === 0) throw new MisuseError('the suite has no check of this area at this level');
  // A report for a program has the standard output to itself.
  const output = asked.json === '-' || asked.junit === '-' ? surface.stderr : surface.stdout;
  const paint = paintFor(output, surface.env);
  const subject = await loadSubject(asked.module, process.cwd());

  surface.onInterrupt(() => {
    output.write('\nInterrupted: this check is finished, no other begins.\n');
    stopping.abort();
  });
  output.write(`session-stores ${version()}: ${subject.name} against ${checks.length} checks\n`);
  const startedAt = new Date();
  const started = performance.now();
  const progress = new Progress(output, paint, checks);
  const results: CheckResult[] = [];
  for await (const result of checkSessionStore(subject, options)) {
    results.push(result);
    progress.ended(result);
  }
  progress.clear();
  const mustPass: readonly Level[] = asked.levels ?? ['required'];
  const report: Report = {
    version: version(),
    subject: subject.name,
    module: asked.module,
    startedAt,
    duration: performance.now() - started,
    planned: checks.length,
    mustPass,
    results,
  };
  output.write(matrix(report, paint));
  await deliver(asked.json, () => jsonReport(report), surface);
  await deliver(asked.junit, () => junitReport(report), surface);
  if (isInterrupted(report)) return 130;
  if (count(results, 'not applicable') === results.length) {
    throw new MisuseError('none of these checks applies to the store, so they say nothing about it');
  }
  return decisive(report).length > 0 ? 1 : 0;
}

function version(): string {
  const { version } = createRequire(import.meta.url)('../../package.json') as { version: string };
  return version;
}
