// Starts the servers that the tests use, and ends them when it is ended. On stdout nothing but lines for a shell to read:
//   npm run --silent services > .env               the single servers
//   npm run --silent services -- --cluster > .env  Redis Cluster, Sentinel and a MongoDB replica set as well
import { parseArgs } from 'node:util';
import { startServices } from './services.js';

const options = { cluster: { type: 'boolean', default: false } } as const;
const signals = ['SIGINT', 'SIGTERM'] as const;

try {
  const { cluster } = parseArgs({ options }).values;
  // From the start, so that nothing is left half started. Once each: who asks twice does not want to wait.
  const ended = new Promise<string>((resolve) => {
    for (const signal of signals) process.once(signal, resolve);
  });
  await serve(cluster, ended);
} catch (error) {
  console.error(`services: ${(error as Error).message}`);
  process.exitCode = 1;
}

async function serve(cluster: boolean, ended: Promise<string>): Promise<void> {
  console.error('Starting servers');
  const services = await startServices(cluster);
  // Where all servers were running before, nothing else keeps this process alive.
  const alive = setInterval(() => {}, 2 ** 30);
  try {
    for (const absence of services.missing) console.error(absence);
    const lines = Object.entries(services.variables).map(exported);
    if (lines.length === 0) throw new Error('there is no server on this machine');
    process.stdout.write(`${lines.join('\n')}\n`);
    console.error('They run until this is ended: Ctrl+C');
    console.error(`${await ended}: ending them`);
  } finally {
    clearInterval(alive);
    await services.stop();
  }
}

/** Quoted, because a URL may have an `&` or a `$` in it. */
function exported([name, value]: [string, string]): string {
  return `export ${name}='${value.replaceAll("'", "'\\''")}'`;
}
