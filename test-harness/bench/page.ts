import { writeFile } from 'node:fs/promises';
import { type BenchmarkReport, benchmarkMarkdown, benchmarkPlot } from '@session-stores/test-harness';

const root = new URL('../../', import.meta.url);

/** Writes BENCHMARKS.md with its plot, and the report that both are made of. */
export async function writePage(report: BenchmarkReport, notes: readonly string[]): Promise<void> {
  await writeFile(new URL('test-harness/bench/results.json', root), `${JSON.stringify(report, null, 1)}\n`);
  await writeFile(new URL('test-harness/bench/results.svg', root), benchmarkPlot(report));
  await writeFile(new URL('BENCHMARKS.md', root), pageOf(report, notes));
}

function pageOf(report: BenchmarkReport, notes: readonly string[]): string {
  return `# How fast the stores are

![Times as fast as the fastest peer](test-harness/bench/results.svg)

${[...notes, benchmarkMarkdown(report)].join('\n\n')}
`;
}
