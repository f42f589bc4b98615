import { type Comparison, comparisonsOf } from './comparison.js';
import { type Condition, type Measurement, type Operation, operations } from './contestant.js';
import { type BenchmarkReport, requests } from './report.js';

/** Below it somebody else is ahead; between it and its inverse the difference is that of two runs. */
const level = 0.95;

/** The report as sections of Markdown: for each group the ratios first, then where others are ahead, then all figures. */
export function benchmarkMarkdown(report: BenchmarkReport): string {
  const groups = new Set(report.contestants.map(({ group }) => group));
  const comparisons = comparisonsOf(report);
  return [
    conditionsOf(report),
    ...[...groups].map((group) => groupSection(report, group, comparisons)),
    ...(report.failures.length === 0
      ? []
      : [
          [
            '## Not measured',
            '',
            ...report.failures.map(
              ({ title, reason }) => `- ${title} failed in the run: ${firstLine(reason)}`,
            ),
          ].join('\n'),
        ]),
  ].join('\n\n');
}

/** Where a peer or the driver is ahead, one line each, worst first. Empty where nobody is. */
export function aheadOf(comparisons: readonly Comparison[]): string[] {
  return comparisons
    .filter(({ ratio }) => ratio < level)
    .sort((a, b) => a.ratio - b.ratio)
    .map(
      ({ candidate, operation, inFlight, size, other, ratio }) =>
        `${other} is ahead of ${candidate} in ${operation}, ${inFlight} in flight, ${bytes(size)}: ${times(ratio)}`,
    );
}

function conditionsOf({ machine, plan, startedAt }: BenchmarkReport): string {
  const { processor, cores, system, node } = machine;
  return `${startedAt.slice(0, 10)}, ${processor}, ${cores} cores, ${system}, Node ${node}. ${plan.rounds} rounds, ${plan.milliseconds} ms a stretch. Servers and clients on the same machine.`;
}

function groupSection(report: BenchmarkReport, group: string, all: readonly Comparison[]): string {
  const comparisons = all.filter((comparison) => comparison.group === group);
  const asked = operations.filter((operation) => report.plan.operations.includes(operation));
  const candidates = new Set(comparisons.map(({ candidate }) => candidate));
  const sections = [`## ${group}`];
  for (const candidate of candidates) {
    const own = comparisons.filter((comparison) => comparison.candidate === candidate);
    sections.push(`How many times as fast ${candidate} is:`, ratioTable(report, own, asked));
  }
  const ahead = aheadOf(comparisons);
  if (ahead.length > 0)
    sections.push(
      folded(
        `Where others are ahead: ${ahead.length} of ${comparisons.length}`,
        ahead.map((line) => `- ${line}`).join('\n'),
      ),
    );
  const application = applicationTable(report, group);
  if (application !== '') sections.push(application);
  const figures = report.plan.conditions.map((condition) => figuresTable(report, group, condition, asked));
  sections.push(folded('All figures', figures.join('\n\n')));
  return sections.join('\n\n');
}

function folded(summary: string, content: string): string {
  return `<details><summary>${summary}</summary>\n\n${content}\n\n</details>`;
}

function ratioTable(
  { plan }: BenchmarkReport,
  comparisons: readonly Comparison[],
  asked: readonly Operation[],
): string {
  const rows = plan.conditions.flatMap(({ inFlight, size }) =>
    (['peer', 'driver'] as const).flatMap((against) => {
      const cells = asked.map((operation) =>
        comparisons.find(
          (one) =>
            one.against === against &&
            one.operation === operation &&
            one.inFlight === inFlight &&
            one.size === size,
        ),
      );
      if (cells.every((cell) => cell === undefined)) return [];
      const name = against === 'peer' ? 'the fastest peer' : 'the bare driver';
      return [[`${inFlight}`, bytes(size), name, ...cells.map((cell) => (cell ? times(cell.ratio) : ''))]];
    }),
  );
  return table(['in flight', 'size', 'than', ...asked], rows);
}

function figuresTable(
  { contestants, results }: BenchmarkReport,
  group: string,
  { inFlight, size }: Condition,
  asked: readonly Operation[],
): string {
  const rows = contestants
    .filter((contestant) => contestant.group === group)
    .map(({ title }) => {
      const cells = asked.map((operation) => {
        const found = results.find(
          (one) =>
            one.title === title &&
            one.operation === operation &&
            one.inFlight === inFlight &&
            one.size === size,
        );
        return found === undefined ? '' : figures(found);
      });
      return [title, ...cells];
    });
  const title = `${inFlight} in flight, ${bytes(size)}: operations a second (p50 / p99 in ms; µs of the process' processor time)`;
  return `${title}\n\n${table(['', ...asked], rows)}`;
}

function applicationTable({ contestants, application }: BenchmarkReport, group: string): string {
  const rows = contestants
    .filter((contestant) => contestant.group === group)
    .flatMap(({ title }) => {
      const mine = application.filter((one) => one.title === title);
      if (mine.length === 0) return [];
      return [
        [
          title,
          ...requests.map((request) => {
            const found = mine.find((one) => one.request === request);
            return found === undefined ? '' : figures(found);
          }),
        ],
      ];
    });
  if (rows.length === 0) return '';
  const connections = application[0]?.connections;
  const title = `A whole Express application, ${connections} connections: requests a second (p50 / p99 in ms; µs of the application's processor time)`;
  return `${title}\n\n${table(['', ...requests], rows)}`;
}

function figures({ perSecond, p50, p99, cpu }: Measurement): string {
  const percentiles = Number.isFinite(p99) ? `${short(p50)} / ${short(p99)}` : short(p50);
  return `${Math.round(perSecond).toLocaleString('en')} (${percentiles}${cpu === undefined ? '' : `; ${short(cpu)}`})`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function times(ratio: number): string {
  return ratio >= 10 ? ratio.toFixed(0) : ratio.toFixed(2);
}

function short(value: number): string {
  if (value >= 10) return value.toFixed(0);
  return value >= 1 ? value.toFixed(1) : value.toPrecision(2);
}

function bytes(size: number): string {
  return size < 1024 ? `${size} B` : `${Math.round(size / 1024)} KiB`;
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}
