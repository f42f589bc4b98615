import { readFile, writeFile } from 'node:fs/promises';
import { type BenchmarkReport, benchmarkMarkdown, benchmarkPlot } from '@session-stores/test-harness';

const root = new URL('../../', import.meta.url);
const page = new URL('BENCHMARKS.md', root);

/** Writes the figures of the operations into BENCHMARKS.md, and their plot. */
export async function writePage(report: BenchmarkReport, notes: readonly string[]): Promise<void> {
  await writeFile(new URL('test-harness/bench/results.svg', root), benchmarkPlot(report));
  await writeSection('operations', [...notes, benchmarkMarkdown(report)].join('\n\n'));
}

/** Puts Markdown between the marks of a section of BENCHMARKS.md; what stands around them was written by hand. */
export async function writeSection(section: 'operations' | 'scale', markdown: string): Promise<void> {
  const [begin, end] = [`<!-- ${section} -->`, `<!-- end of ${section} -->`];
  const text = await readFile(page, 'utf8');
  const [before, rest] = text.split(begin);
  const after = rest?.split(end)[1];
  if (before === undefined || after === undefined) {
    throw new Error(`BENCHMARKS.md has no section between '${begin}' and '${end}'`);
  }
  await writeFile(page, `${before}${begin}\n\n${markdown}\n\n${end}${after}`);
}
