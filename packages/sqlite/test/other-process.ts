import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** Another process that holds a lock of a database file until it is told to let go. */
export interface LockHolder {
  /** Resolves when the lock is free. */
  release(): Promise<void>;
}

/** Resolves when the other process holds the lock. `EXCLUSIVE` with `journal_mode = DELETE` keeps readers out too. */
export async function lockFromAnotherProcess(
  path: string,
  lock: 'IMMEDIATE' | 'EXCLUSIVE' = 'IMMEDIATE',
): Promise<LockHolder> {
  const program = `
    import Database from 'better-sqlite3';
    const database = new Database(process.argv[1]);
    database.exec('BEGIN ${lock}');
    process.send('locked');
    process.once('message', () => {
      database.exec('COMMIT');
      database.close();
      process.disconnect();
    });
  `;
  const child = spawnProgram(program, [path]);
  await messageOf(child);
  return {
    async release() {
      const exit = once(child, 'exit');
      child.send('release');
      await exit;
    },
  };
}

/** Runs an ES module in another process, from this folder, with an IPC channel. */
export function spawnProgram(program: string, parameters: readonly string[]): ChildProcess {
  return spawn(process.execPath, ['--input-type=module', '--eval', program, '--', ...parameters], {
    cwd: fileURLToPath(new URL('.', import.meta.url)),
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
}

/** The next message; rejects if the process ends without one. */
export async function messageOf(child: ChildProcess): Promise<unknown> {
  const ended = new AbortController();
  const exited = once(child, 'exit', { signal: ended.signal }).then(([code]) => {
    throw new Error(`the other process ended with code ${code} before it answered`);
  });
  try {
    const [message] = (await Promise.race([once(child, 'message', { signal: ended.signal }), exited])) as [
      unknown,
    ];
    return message;
  } finally {
    exited.catch(() => {}); // Aborted by the next line.
    ended.abort();
  }
}
