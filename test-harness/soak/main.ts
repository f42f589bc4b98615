// Many users, several processes, and everything that can go wrong with a network, a server and a process, for a while.
//   npm run soak -- --store redis --seconds 60 --processes 4
import { soakReportText, soakSessionStore } from '@session-stores/test-harness';
import { askedOfScript } from '../dist/command-line/asked-of-script.js';
import { readSettings, usage } from './settings.ts';
import { openStore } from './stores.ts';

const settings = askedOfScript('npm run soak -- --help says what it takes.', () =>
  readSettings(process.argv.slice(2)),
);
if (settings === undefined) console.log(usage);
else {
  const { seconds, requests, processes, users, seed, histories, calm, json } = settings;
  const { module, faults, close } = await openStore(settings);
  console.error(`Seed ${seed}`);
  try {
    const report = await soakSessionStore({
      module,
      faults,
      seconds,
      requests,
      processes,
      users,
      seed,
      histories,
      calm,
      onProgress(progress) {
        const { requests, violations } = progress;
        if (!process.stderr.isTTY) return;
        process.stderr.write(
          `\r${Math.round(progress.seconds)} s, ${requests} requests, ${violations} violations `,
        );
      },
    });
    if (process.stderr.isTTY) process.stderr.write('\n');
    console.log(json ? JSON.stringify(report, undefined, 2) : soakReportText(report));
    if (!report.passed) process.exitCode = 1;
  } finally {
    await close();
  }
}
