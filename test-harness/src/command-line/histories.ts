import { randomInt } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Verdict } from '../histories/judge.js';
import { liveHistories } from '../histories/live/live-histories.js';
import type { LiveReport } from '../histories/live/live-report.js';
import { timelineSvg } from '../histories/timeline/svg.js';
import { timelineText } from '../histories/timeline/text.js';
import { RunningTrial } from '../suite/running-trial.js';
import type { HistoriesArguments } from './arguments.js';
import type { Surface } from './command.js';
import { deliver } from './deliver.js';
import { historiesJson } from './histories-json.js';
import { loadSubject } from './load-subject.js';
import { MisuseError } from './misuse-error.js';
import { harmless, isTerminal, type Paint, paintFor } from './paint.js';

const codes: Readonly<Record<Verdict, number>> = { right: 0, wrong: 1, undecided: 3 };

/** Runs `session-stores check --histories` and resolves to the exit code. */
export async function histories(
  asked: HistoriesArguments,
  version: string,
  surface: Surface,
): Promise<number> {
  const output = asked.json === '-' ? surface.stderr : surface.stdout;
  const paint = paintFor(output, surface.env);
  const subject = await loadSubject(asked.module, process.cwd());
  if (asked.svg !== undefined) await folder(asked.svg);
  const stopping = new AbortController();
  surface.onInterrupt(() => {
    output.write('\nInterrupted: this round is finished, no other begins.\n');
    stopping.abort();
  });
  const seed = asked.seed ?? randomInt(2 ** 32);
  output.write(
    `session-stores ${version}: histories of ${harmless(subject.name)} for ${asked.seconds} s, --seed ${seed}\n`,
  );
  const trial = await RunningTrial.prepare(subject);
  let report: LiveReport;
  try {
    report = await liveHistories(trial, {
      seed,
      duration: asked.seconds * 1_000,
      signal: stopping.signal,
      onRound({ rounds, operations }) {
        if (isTerminal(output)) output.write(`\r\u001b[K${rounds} rounds, ${operations} calls …`);
      },
    });
  } finally {
    await trial.close();
  }
  if (isTerminal(output)) output.write('\r\u001b[K');
  const width = (output as { columns?: number }).columns || 100;
  for (const { violation, history } of report.violations) {
    output.write(`\n${harmless(timelineText(violation, history, width))}\n`);
  }
  const pictures = asked.svg === undefined ? [] : await draw(report, asked.svg);
  output.write(`\n${verdictText(report, paint)}\n`);
  if (pictures.length > 0) output.write(`Drawn in ${pictures.join(', ')}\n`);
  await deliver(asked.json, () => historiesJson(report, { version, subject: subject.name }), surface);
  if (stopping.signal.aborted && report.verdict !== 'wrong') return 130;
  return codes[report.verdict];
}

function verdictText(report: LiveReport, paint: Paint): string {
  const { processes, stores, clients, rounds, sessions, operations, unanswered, networkFaults } = report;
  const faults = networkFaults === 0 ? '' : `, ${networkFaults} network faults`;
  const run = `${clients} clients of ${counted(stores, 'store')} in ${counted(processes, 'process', 'processes')}${faults}`;
  const made = `${counted(rounds, 'round')} made ${operations} calls on ${counted(sessions, 'session')}, ${unanswered} of them without an answer`;
  const judged = {
    right: () =>
      paint.green('Right: some order of the calls explains what they were answered, in every session.'),
    wrong: () =>
      paint.red(
        `Violated: ${counted(report.violations.length, 'session')} that no order of the calls explains.`,
      ),
    undecided: () =>
      paint.yellow(
        sessions === 0
          ? 'Undecided: no round was made.'
          : `Undecided: the search for an order was stopped for ${report.undecided.join(', ')}; the others are right.`,
      ),
  }[report.verdict]();
  return `${run}; ${made}.\n${judged}`;
}

function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

async function folder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
  } catch (error) {
    throw new MisuseError(`${path} cannot be made a folder: ${(error as Error).message}`, { cause: error });
  }
}

async function draw({ violations }: LiveReport, path: string): Promise<string[]> {
  const files: string[] = [];
  for (const { violation, history } of violations) {
    const file = join(path, `violation-${violation.session}.svg`);
    await writeFile(file, timelineSvg(violation, history));
    files.push(file);
  }
  return files;
}
