import { readFile, writeFile } from 'node:fs/promises';
import { failedAreas, passedOf, type Score } from './score.ts';

const [begin, end] = ['<!-- compare -->', '<!-- /compare -->'];

/** The scores as a table in Markdown. */
export function tableOf(scores: ReadonlyMap<string, Score>): string {
  const rows = [...scores].map(
    ([title, score]) =>
      `| ${title} | ${passedOf(score, 'required')} | ${passedOf(score, 'promise')} | ${failedAreas(score).join(', ') || 'none'} |`,
  );
  return ['| store | required | promise | fails in |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

/** Puts a table between the markers of a README. Throws where they are not there. */
export async function writeTable(readme: URL, table: string): Promise<void> {
  const text = await readFile(readme, 'utf8');
  const [start, stop] = [text.indexOf(begin), text.indexOf(end)];
  if (start < 0 || stop < start) throw new Error(`${readme.pathname} has no lines ${begin} and ${end}`);
  await writeFile(readme, `${text.slice(0, start + begin.length)}\n${table}\n${text.slice(stop)}`);
}
