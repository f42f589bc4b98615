import type { JudgedHistories } from './histories.js';
import type { FleetRemains } from './remains-check.js';
import type { Deeds } from './scene.js';
import { type ViolationCounts, violationTitles } from './violations.js';

/** How a soak went. */
export interface SoakReport {
  /** Nothing happened that must never happen. */
  readonly passed: boolean;
  /** The name of the subject. */
  readonly store: string;
  readonly seed: number;
  readonly processes: number;
  readonly users: number;
  /** All of it, the look at the end included. */
  readonly seconds: number;
  readonly requests: {
    readonly sent: number;
    readonly answered: number;
    /** Answered that the store could not be reached, or may not have done it: status 5xx. */
    readonly refused: number;
    /** Sent to a process that was killed before it had answered. */
    readonly cutOff: number;
    /** Ms that the slowest answer took. */
    readonly slowest: number;
  };
  readonly deeds: Readonly<Deeds>;
  /** How often what went wrong. */
  readonly faults: Readonly<Record<string, number>>;
  readonly remains: FleetRemains;
  readonly histories: JudgedHistories;
  readonly violations: ViolationCounts;
  /** How the first few violations of each kind came. */
  readonly details: readonly string[];
}

/** The report for a person. */
export function soakReportText(report: SoakReport): string {
  const { requests, deeds, faults, remains, histories, violations, details } = report;
  const rows: [string, string | number][] = [
    ['store', report.store],
    ['seed', report.seed],
    ['seconds', report.seconds.toFixed(1)],
    ['processes', report.processes],
    ['users', report.users],
    ['requests', requests.sent],
    ['  answered', requests.answered],
    ['  refused (5xx)', requests.refused],
    ['  cut off by a kill', requests.cutOff],
    ['  slowest answer, ms', requests.slowest],
    ['calls of the store', remains.calls],
    ['  slowest call, ms', Math.round(remains.slowestCall)],
    ['logins', deeds.logins],
    ['logouts acknowledged', deeds.logouts],
    ['  ended by others', deeds.endedByOthers],
    ['  replaced by a new login', deeds.replaced],
    ['  looks at them by others', deeds.looksAfterEnd],
    ['writes acknowledged', deeds.writes],
    ['additions acknowledged', deeds.additions],
    ['looks', deeds.looks],
    ['histories judged', histories.sessions],
    ['  calls', histories.calls],
    ['  failed or not answered', histories.unanswered],
    ['  undecided', histories.undecided],
    ['  seconds', (histories.judging / 1_000).toFixed(1)],
    ['most memory grown, MB', (remains.memoryGrowth / 2 ** 20).toFixed(1)],
    ...Object.entries(faults).map(([name, count]): [string, number] => [`fault: ${name}`, count]),
    ...Object.entries(violations).map(([kind, count]): [string, number] => [
      `VIOLATION: ${violationTitles[kind as keyof ViolationCounts]}`,
      count,
    ]),
  ];
  const width = Math.max(...rows.map(([name]) => name.length)) + 2;
  const table = rows.map(([name, value]) => `${name.padEnd(width)}${value}`);
  return [...details.map((detail) => `${detail}\n`), ...table].join('\n');
}
