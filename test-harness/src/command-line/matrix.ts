import type { CheckResult } from '../suite/check.js';
import { harmless, type Paint } from './paint.js';
import { byArea, count, decisive, isInterrupted, type Report } from './report.js';

/** The report for a person: the areas with what passed, each failure in full, and the verdict. */
export function matrix(report: Report, paint: Paint): string {
  const failures = report.results.filter(({ outcome }) => outcome === 'failed');
  return [
    '',
    paint.bold(harmless(report.subject)),
    ...table(report.results, paint),
    ...failures.flatMap((failure) => ['', ...failureLines(failure, paint)]),
    '',
    ...verdict(report, paint),
    '',
  ].join('\n');
}

function table(results: readonly CheckResult[], paint: Paint): string[] {
  const rows = [...byArea(results)].map(([area, inArea]) => row(area, inArea));
  const columns = ['area', 'passed', 'failed', 'not applicable'];
  const all = [columns, ...rows, row('all', results)];
  const widths = columns.map((_, column) => Math.max(...all.map((cells) => cells[column]?.length ?? 0)));
  const lines = all.map((cells, index) => {
    const padded = cells.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
    );
    if (index === 0) return paint.dim(padded.join('  '));
    const [area, passed, failed, notApplicable] = padded as [string, string, string, string];
    return [
      area,
      cells[1] === '0' ? paint.dim(passed) : paint.green(passed),
      cells[2] === '0' ? paint.dim(failed) : paint.red(failed),
      paint.dim(notApplicable),
    ].join('  ');
  });
  const line = paint.dim('─'.repeat(widths.reduce((sum, width) => sum + width + 2, -2)));
  return [lines[0] ?? '', line, ...lines.slice(1, -1), line, lines.at(-1) ?? ''];
}

function row(area: string, results: readonly CheckResult[]): string[] {
  return [
    area,
    String(count(results, 'passed')),
    String(count(results, 'failed')),
    String(count(results, 'not applicable')),
  ];
}

function failureLines({ check, reason }: CheckResult, paint: Paint): string[] {
  return [
    `${paint.red(`✗ ${check.id}`)} ${paint.dim(`(${check.level})`)}`,
    `  ${check.title}`,
    ...harmless(reason ?? 'no reason given')
      .split('\n')
      .map((line) => `    ${line}`),
  ];
}

function verdict(report: Report, paint: Paint): string[] {
  const { results } = report;
  const failed = decisive(report);
  const levels = report.mustPass.join(' and ');
  const summary = `required: ${levelLine(report, 'required')}; promises: ${levelLine(report, 'promise')}`;
  const interrupted = isInterrupted(report)
    ? [paint.yellow(`Interrupted after ${results.length} of ${report.planned} checks.`)]
    : [];
  if (failed.length > 0) {
    const plural = failed.length === 1 ? 'check' : 'checks';
    return [
      ...interrupted,
      paint.red(`Failed: ${failed.length} ${plural} of the level ${levels} (${summary}).`),
    ];
  }
  if (interrupted.length > 0) return [...interrupted, summary];
  const others = count(results, 'failed');
  const rest = others === 0 ? '' : ` ${others} other ${others === 1 ? 'check' : 'checks'} failed, see above.`;
  const colour = others === 0 ? paint.green : paint.yellow;
  return [colour(`Passed at the level ${levels} (${summary}).${rest}`)];
}

function levelLine({ results }: Report, level: 'required' | 'promise'): string {
  const passed = count(results, 'passed', level);
  return `${passed} of ${passed + count(results, 'failed', level)}`;
}
