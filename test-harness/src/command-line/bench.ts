import { runBenchmark } from '../bench/benchmark.js';
import type { Contestant, Role } from '../bench/contestant.js';
import { benchmarkMarkdown } from '../bench/markdown.js';
import { benchmarkPlot } from '../bench/plot.js';
import type { BenchArguments } from './bench-arguments.js';
import type { Surface } from './command.js';
import { deliver } from './deliver.js';
import { loadSubject, locate } from './load-subject.js';
import { MisuseError } from './misuse-error.js';
import { isTerminal } from './paint.js';

/** Connections that put load on an application. */
const connections = 64;

/** Runs `session-stores bench` and resolves to the exit code. */
export async function bench(asked: BenchArguments, surface: Surface): Promise<number> {
  const targets = [asked.json, asked.markdown, asked.svg];
  if (targets.filter((target) => target === '-').length > 1) {
    throw new MisuseError('only one of --json, --markdown and --svg can go to the standard output');
  }
  // A report for a program has the standard output to itself.
  const output = targets.includes('-') ? surface.stderr : surface.stdout;
  const stopping = new AbortController();
  const contestants = [
    ...(await contestantsOf(asked.modules, 'candidate')),
    ...(await contestantsOf(asked.against, 'peer')),
  ];
  surface.onInterrupt(() => {
    output.write('\nInterrupted: this part is finished, no other begins.\n');
    stopping.abort();
  });
  const { operations, conditions, rounds, milliseconds, isApplicationMeasured } = asked;
  const report = await runBenchmark(named(contestants), {
    operations,
    conditions,
    rounds,
    milliseconds,
    applicationConnections: isApplicationMeasured ? connections : 0,
    signal: stopping.signal,
    onProgress(what, done) {
      const line = `${Math.round(100 * done)} % ${what}`;
      surface.stderr.write(isTerminal(surface.stderr) ? `\r\u001b[K${line}` : `${line}\n`);
    },
  });
  if (isTerminal(surface.stderr)) surface.stderr.write('\r\u001b[K');
  output.write(`${benchmarkMarkdown(report)}\n`);
  await deliver(asked.json, () => `${JSON.stringify(report, null, 2)}\n`, surface);
  await deliver(asked.markdown, () => `${benchmarkMarkdown(report)}\n`, surface);
  await deliver(asked.svg, () => benchmarkPlot(report), surface);
  if (stopping.signal.aborted) return 130;
  return report.failures.length > 0 ? 1 : 0;
}

async function contestantsOf(modules: readonly string[], role: Role): Promise<Contestant[]> {
  const contestants: Contestant[] = [];
  for (const module of modules) {
    const { name } = await loadSubject(module, process.cwd());
    contestants.push({ title: name, group: 'stores', role, runs: locate(module, process.cwd()) });
  }
  return contestants;
}

/** Results are told apart by their titles. */
function named(contestants: readonly Contestant[]): Contestant[] {
  const taken = new Map<string, number>();
  return contestants.map((contestant) => {
    const times = (taken.get(contestant.title) ?? 0) + 1;
    taken.set(contestant.title, times);
    return times === 1 ? contestant : { ...contestant, title: `${contestant.title} (${times})` };
  });
}
