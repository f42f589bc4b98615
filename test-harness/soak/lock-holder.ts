import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Fault } from '@session-stores/test-harness';

/** Takes the lock, says so, and gives it back when it is told to. */
const program = `
  import Database from 'better-sqlite3';
  const database = new Database(process.argv[1], { timeout: 30_000 });
  database.exec('BEGIN IMMEDIATE');
  process.send('locked');
  process.once('message', () => {
    database.exec('COMMIT');
    database.close();
    process.disconnect();
  });
`;

/** Another process holds the lock of an SQLite file, and gives it back or is killed with it. */
export function lockHeld(path: string): Fault {
  return {
    name: 'file locked',
    async begin(random) {
      const isKilled = random.chance(0.5);
      const child = spawn(process.execPath, ['--input-type=module', '--eval', program, '--', path], {
        cwd: fileURLToPath(new URL('.', import.meta.url)),
        stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      });
      const exit = once(child, 'exit');
      await Promise.race([once(child, 'message'), exit.then(fail)]);
      return {
        where: isKilled ? 'by a process that is killed' : undefined,
        end: async () => {
          if (isKilled) child.kill('SIGKILL');
          else child.send('give it back');
          await exit;
        },
      };
    },
  };
}

function fail(): never {
  throw new Error('The process that was to lock the file has ended');
}
