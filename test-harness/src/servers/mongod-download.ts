import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

/** How long, in ms, until the first byte has come or the download counts as impossible. */
const decisionLimit = 15_000;
/** How long, in ms, a download that has begun may say nothing: it is being unpacked. */
const silence = 120_000;
const answer = 'mongod is at ';

let download: Promise<string | undefined> | undefined;

/**
 * The path of the mongod that mongodb-memory-server-core has downloaded or can download; `undefined` where that package is
 * not installed or there is no internet, which is decided within 15 s and remembered.
 */
export function downloadMongod(): Promise<string | undefined> {
  download ??= startDownload();
  return download;
}

async function startDownload(): Promise<string | undefined> {
  const downloader = findDownloader();
  if (downloader === undefined) return undefined;
  // In a process of its own, because a download that hangs cannot be ended otherwise.
  const script = `
    const { MongoBinary } = (await import(${JSON.stringify(pathToFileURL(downloader).href)})).default;
    console.log(${JSON.stringify(answer)} + (await MongoBinary.getPath()));`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    // The pauses between its attempts are longer than we wait for the first byte.
    env: { MONGOMS_MAX_RETRIES: '1', ...process.env },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const giveUp = () => child.kill('SIGKILL');
  process.once('exit', giveUp);
  let limit = setTimeout(giveUp, decisionLimit);
  let output = '';
  child.stdout.on('data', (text: Buffer) => {
    clearTimeout(limit);
    limit = setTimeout(giveUp, silence);
    // Every 2 s it tells how far it is. Once is enough, and not on stdout, which belongs to whoever prints addresses there.
    if (output === '' && String(text).startsWith('Downloading')) console.error('Downloading MongoDB');
    output += text;
  });
  await new Promise<void>((resolve) => {
    child.once('error', () => resolve());
    child.once('close', () => resolve());
  });
  clearTimeout(limit);
  process.off('exit', giveUp);
  const found = output.split('\n').find((line) => line.startsWith(answer));
  return found?.slice(answer.length);
}

function findDownloader(): string | undefined {
  try {
    return createRequire(import.meta.url).resolve('mongodb-memory-server-core');
  } catch {
    return undefined;
  }
}
