import { MisuseError } from './misuse-error.js';
import { RunningDemo } from './running-demo.js';
import { settingsFrom, usage } from './settings.js';

try {
  const settings = settingsFrom(process.argv.slice(2), process.env);
  if (settings === undefined) process.stdout.write(usage);
  else serve(await RunningDemo.start(settings));
} catch (error) {
  if (!(error instanceof MisuseError)) throw error;
  console.error(`session-stores demo: ${error.message}`);
  process.exitCode = 2;
}

function serve(demo: RunningDemo): void {
  for (const notice of demo.notices) console.log(notice);
  demo.store.on('storeError', ({ operation, record, error }) => {
    console.error(`store: ${operation ?? 'connection'} ${record ?? ''} ${error.message}`);
  });
  demo.store.on('gaveUp', ({ record }) => {
    console.error(`store: session ${record} could not be ended yet; going on in the background`);
  });
  console.log(`The demo is at ${demo.url} (sessions: ${demo.storeTitle}). Ctrl+C ends it.`);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    // Once: who asks twice does not want to wait.
    process.once(signal, () => void end(demo, signal));
  }
}

async function end(demo: RunningDemo, signal: string): Promise<void> {
  console.log(`${signal}: closing.`);
  const { unfinishedDeletions } = await demo.stop();
  if (unfinishedDeletions.length === 0) {
    console.log('Closed; no session is left that should have been ended.');
    return;
  }
  console.error(
    `Closed, but ${unfinishedDeletions.length} sessions could not be ended: ${unfinishedDeletions.join(', ')}`,
  );
  process.exitCode = 1;
}
