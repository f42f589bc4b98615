// Measures our stores, those of others and the bare drivers against each other, on real servers.
//   npm run bench                                         all of it, in less than ten minutes
//   npm run bench -- --write                              puts the results into BENCHMARKS.md as well
//   npm run bench -- --json report.json                   writes every figure of every round to a file
//   npm run bench -- --only redis --operations get,update --in-flight 64 --sizes 500 --rounds 9 --milliseconds 200
//   npm run bench -- --retrying --no-application          the retrying forms too, and no whole applications
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { benchmarkMarkdown, runBenchmark } from '@session-stores/test-harness';
import { askedOfScript } from '../dist/command-line/asked-of-script.js';
import { planOf, planOptions } from '../dist/command-line/bench-arguments.js';
import { listed } from '../dist/command-line/listed.js';
import { contestants, groups } from './contestants.ts';
import { writePage } from './page.ts';
import { startServers } from './servers.ts';

const { wanted, plan, values } = askedOfScript(
  'The first lines of test-harness/bench/main.ts say what it takes.',
  () => {
    const { values } = parseArgs({
      allowNegative: true,
      options: {
        ...planOptions,
        only: { type: 'string', default: groups.join() },
        'in-flight': { type: 'string', default: '1,64,512' },
        sizes: { type: 'string', default: '500,20480' },
        milliseconds: { type: 'string', default: '80' },
        application: { type: 'boolean', default: true },
        retrying: { type: 'boolean', default: false },
        json: { type: 'string' },
        write: { type: 'boolean', default: false },
      },
    });
    return { wanted: listed('--only', values.only, groups), plan: planOf(values), values };
  },
);
const servers = await startServers(wanted);
try {
  for (const [group, reason] of servers.missing) console.error(`${group} is left out: ${reason}`);
  const report = await runBenchmark(await contestants(servers, wanted, values.retrying), {
    ...plan,
    applicationConnections: values.application ? 64 : 0,
    onProgress: (what, done) => console.error(`${Math.round(100 * done)} % ${what}`),
  });
  for (const note of servers.notes) console.log(`${note}\n`);
  console.log(benchmarkMarkdown(report));
  if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(report, null, 1)}\n`);
  if (values.write) await writePage(report, servers.notes);
} finally {
  await servers.stop();
}
// Some of the stores of others have timers that nobody can stop.
process.exit();
