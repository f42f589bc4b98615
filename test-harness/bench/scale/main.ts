// Measures what many sessions cost: the same work beside few of them, their room, a scan, a sweep, 10,000 destroys at once.
//   npm run scale                                          a million sessions in each storage, some ten minutes
//   npm run scale -- --write                               puts the results into BENCHMARKS.md as well
//   npm run scale -- --only redis,postgres --sessions 100000
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Child } from '../../dist/bench/child-process.js';
import { askedOfScript } from '../../dist/command-line/asked-of-script.js';
import { listed } from '../../dist/command-line/listed.js';
import { numberIn } from '../../dist/command-line/number-in.js';
import { contestants } from '../contestants.ts';
import { writeSection } from '../page.ts';
import { startServers } from '../servers.ts';
import type { Figures, Task } from './figures.ts';
import { scaleMarkdown } from './markdown.ts';
import type { Room, RoomTask } from './room.ts';
import { storageNames } from './storages.ts';

const few = 1_000;
/** How many sessions each store takes in to see how much room one takes. */
const forRoom = 20_000;
/** Ms for one storage. */
const timeLimit = 3_600_000;
const { wanted, many, bytes, write } = askedOfScript(
  'The first lines of test-harness/bench/scale/main.ts say what it takes.',
  () => {
    const { values } = parseArgs({
      options: {
        only: { type: 'string', default: storageNames.join() },
        sessions: { type: 'string', default: '1000000' },
        bytes: { type: 'string', default: '500' },
        write: { type: 'boolean', default: false },
      },
    });
    return {
      wanted: listed('--only', values.only, storageNames),
      many: numberIn('--sessions', values.sessions, few + 1, 1e9),
      bytes: numberIn('--bytes', values.bytes, 300, 10_000_000),
      write: values.write,
    };
  },
);

const servers = await startServers(wanted);
const folder = await mkdtemp(join(tmpdir(), 'scale-'));
const results: Figures[] = [];
const rooms: Room[] = [];
try {
  for (const [group, reason] of servers.missing) console.error(`${group} is left out: ${reason}`);
  for (const storage of wanted.filter((name) => !servers.missing.has(name))) {
    console.error(storage);
    results.push(
      await figuresOf({
        storage,
        url: servers.urls[storage] ?? '',
        folder,
        few,
        many,
        bytes,
      }),
    );
  }
  for (const { group, role, title, runs } of await contestants(servers, wanted, false)) {
    const storage = wanted.find((name) => name === group);
    if (storage === undefined || typeof runs !== 'string' || (role !== 'candidate' && role !== 'peer'))
      continue;
    console.error(`room of ${title}`);
    rooms.push(await roomOf(storage, title, runs));
  }
  const markdown = scaleMarkdown(results, rooms, few, many);
  console.log(markdown);
  if (write) await writeSection('scale', markdown);
} finally {
  await rm(folder, { recursive: true, force: true });
  await servers.stop();
}

async function roomOf(storage: Room['storage'], title: string, module: string): Promise<Room> {
  const directory = await mkdtemp(join(folder, 'room-'));
  const url = servers.urls[storage] ?? '';
  const sessions = Math.min(forRoom, many);
  const task = { storage, module, url, folder: directory, sessions, bytes };
  const room = await measured<RoomTask, Pick<Room, 'bytesPerSession'>>('./room-child.ts', task, title);
  return { storage, title, ...room };
}

function figuresOf(task: Task): Promise<Figures> {
  return measured('./child.ts', task, task.storage);
}

/** What a process of its own answers to a task. */
async function measured<Asked extends object, Answer extends object>(
  module: string,
  task: Asked,
  what: string,
): Promise<Answer> {
  const child = new Child<Asked, Answer>(new URL(module, import.meta.url), timeLimit, [
    '--max-old-space-size=12000',
  ]);
  try {
    return await child.ask(task);
  } catch (error) {
    throw new Error(`${what} could not be measured`, { cause: error });
  } finally {
    child.stop();
  }
}
