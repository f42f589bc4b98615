// Holds our stores and those of others against the suite, on real servers, and prints the table of the README.
//   npm run compare                           prints it
//   npm run compare -- --write                puts it into the README as well
//   npm run compare -- --reasons              says of each failed check why
//   npm run compare -- --only connect-mongo   only the stores with this in their title; can be given several times
import { parseArgs } from 'node:util';
import { checks } from '@session-stores/test-harness';
import { askedOfScript } from '../dist/command-line/asked-of-script.js';
import { startSharedServers } from '../dist/servers/at-hand.js';
import { knownServers } from '../dist/servers/known-servers.js';
import { type Contestant, fieldOf } from './contestants.ts';
import { type Score, scoreOf } from './score.ts';
import { tableOf, writeTable } from './table.ts';

const values = askedOfScript(
  'The first lines of test-harness/compare/main.ts say what it takes.',
  () =>
    parseArgs({
      options: {
        write: { type: 'boolean', default: false },
        reasons: { type: 'boolean', default: false },
        only: { type: 'string', multiple: true, default: [] },
      },
    }).values,
);
const readme = new URL('../../README.md', import.meta.url);
const servers = await startSharedServers();
let failure: unknown;
try {
  const { contestants, missing } = await fieldOf(servers.atHand);
  for (const server of missing) {
    const { title, remedy } = knownServers[server];
    console.error(`Some stores are left out, for want of ${title}: ${remedy}`);
  }
  if (values.write && (values.only.length > 0 || missing.length > 0)) {
    throw new Error('--write needs all of the stores');
  }
  const table = tableOf(await scoresOf(chosen(contestants, values.only)));
  console.log(table);
  if (values.write) await writeTable(readme, table);
} catch (error) {
  failure = error;
  console.error(`compare: ${(error as Error).message}`);
} finally {
  await servers.stop();
}
// Some of the stores of others have timers that nobody can stop.
process.exit(failure === undefined ? 0 : 1);

/** Throws where a name fits none. */
function chosen(all: readonly Contestant[], names: readonly string[]): readonly Contestant[] {
  if (names.length === 0) return all;
  const fits = (title: string, name: string) => title.toLowerCase().includes(name.toLowerCase());
  const unknown = names.find((name) => !all.some(({ title }) => fits(title, name)));
  if (unknown !== undefined) {
    const titles = all.map(({ title }) => title.replaceAll('*', '')).join('\n  ');
    throw new Error(`no store has '${unknown}' in its title; there are\n  ${titles}`);
  }
  return all.filter(({ title }) => names.some((name) => fits(title, name)));
}

async function scoresOf(contestants: readonly Contestant[]): Promise<Map<string, Score>> {
  const scores = new Map<string, Score>();
  for (const { title, subject, concurrency } of contestants) {
    let done = 0;
    const progress = process.stderr.isTTY
      ? () => {
          done += 1;
          process.stderr.write(`\r${title}: ${done} of ${checks.length} checks `);
        }
      : () => {};
    if (!process.stderr.isTTY) console.error(title);
    const score = await scoreOf(subject, concurrency, progress);
    if (process.stderr.isTTY) process.stderr.write('\n');
    scores.set(title, score);
    if (values.reasons) printReasons(score);
  }
  return scores;
}

function printReasons({ results }: Score): void {
  for (const { check, outcome, reason } of results) {
    if (outcome === 'failed') console.error(`  ${check.id}\n    ${reason?.replaceAll('\n', '\n    ')}`);
  }
}
