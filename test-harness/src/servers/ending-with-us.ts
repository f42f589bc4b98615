import { type ChildProcess, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';

/** How a child process is ended when this one has not done it. */
export interface Ending {
  /** What ends it at once and leaves nothing behind. */
  readonly killedBy: NodeJS.Signals;
  /** A folder to delete then. */
  readonly temporary?: string | undefined;
}

/** What is to be done when this process ends, while its children run. */
const endings = new Set<() => void>();

function endAll(): void {
  for (const end of endings) end();
}

/**
 * Ends the child when this process ends, however it ends. The exit event does not come when a process is killed or a worker
 * thread terminated; a pipe that closes comes always, so a shell waits at the other end of one. Call what is returned when the
 * child has ended.
 */
export function endWithThisProcess(child: ChildProcess, { killedBy, temporary }: Ending): () => void {
  if (child.pid === undefined) return () => {};
  const onExit = () => {
    child.kill(killedBy);
    if (temporary !== undefined) rmSync(temporary, { recursive: true, force: true });
  };
  // One listener for all: a topology has more servers than Node takes for a leak of listeners.
  if (endings.size === 0) process.once('exit', endAll);
  endings.add(onExit);
  const script = 'read -r _; kill -s "$1" "$2"; [ -z "$3" ] || { sleep 1; rm -rf -- "$3"; }';
  const args = ['-c', script, 'sh', killedBy.replace('SIG', ''), String(child.pid), temporary ?? ''];
  // In a group of its own: Ctrl-C must not end it before it has done its work.
  const watchdog = spawn('sh', args, { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  watchdog.on('error', () => {
    // A system without sh: the exit event has to do.
  });
  watchdog.stdin?.on('error', () => {});
  watchdog.unref();
  return () => {
    endings.delete(onExit);
    if (endings.size === 0) process.off('exit', endAll);
    watchdog.kill('SIGKILL');
  };
}
