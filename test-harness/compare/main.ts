// Holds our stores and those of others against the suite, on real servers, and prints the table of the README.
//   npm run compare               prints it
//   npm run compare -- --write    puts it into the README as well
//   npm run compare -- --reasons  says of each failed check why
import { parseArgs } from 'node:util';
import { checks, startRedis } from '@session-stores/test-harness';
import { contestants } from './contestants.ts';
import { type Score, scoreOf } from './score.ts';
import { tableOf, writeTable } from './table.ts';

const { values } = parseArgs({
  options: { write: { type: 'boolean', default: false }, reasons: { type: 'boolean', default: false } },
});
const redis = await startRedis();
try {
  const scores = new Map<string, Score>();
  for (const { title, subject } of await contestants(redis.url)) {
    let done = 0;
    const progress = process.stderr.isTTY
      ? () => {
          done += 1;
          process.stderr.write(`\r${title}: ${done} of ${checks.length} checks `);
        }
      : () => {};
    if (!process.stderr.isTTY) console.error(title);
    const score = await scoreOf(subject, progress);
    if (process.stderr.isTTY) process.stderr.write('\n');
    scores.set(title, score);
    if (values.reasons) printReasons(score);
  }
  const table = tableOf(scores);
  console.log(table);
  if (values.write) await writeTable(new URL('../../README.md', import.meta.url), table);
} finally {
  await redis.stop();
}
// Some of the stores of others have timers that nobody can stop.
process.exit();

function printReasons({ results }: Score): void {
  for (const { check, outcome, reason } of results) {
    if (outcome === 'failed') console.error(`  ${check.id}\n    ${reason?.replaceAll('\n', '\n    ')}`);
  }
}
