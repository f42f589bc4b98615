import { AsyncLocalStorage } from 'node:async_hooks';

type Death = (error: unknown) => void;

const events = ['uncaughtException', 'unhandledRejection'] as const;
const running = new Set<Death>();
const owner = new AsyncLocalStorage<Death>();
const displaced = new Map<string, NodeJS.UncaughtExceptionListener[]>();

/**
 * Runs `work` and calls `onDeath` with whatever it lets go uncaught, which outside of this suite would have ended the
 * process. The listeners of a test runner are put aside meanwhile, so that the runner does not blame its own test as well.
 */
export async function guarded<Result>(onDeath: Death, work: () => Promise<Result>): Promise<Result> {
  if (running.size === 0) takeOver();
  running.add(onDeath);
  try {
    return await owner.run(onDeath, work);
  } finally {
    // A rejection is found unhandled only after the microtasks of this turn.
    await new Promise((resolve) => setImmediate(resolve));
    running.delete(onDeath);
    if (running.size === 0) giveBack();
  }
}

/** Where nobody knows whose it was (a driver's shared socket), every running check is told. */
function attribute(error: unknown): void {
  const death = owner.getStore();
  // That of a check which has already ended, by its time limit for example, is not the failure of another.
  if (death !== undefined) death(error);
  else for (const each of running) each(error);
}

function takeOver(): void {
  for (const event of events) {
    displaced.set(event, process.rawListeners(event) as NodeJS.UncaughtExceptionListener[]);
    process.removeAllListeners(event);
    process.on(event, attribute);
  }
}

function giveBack(): void {
  for (const event of events) {
    process.off(event, attribute);
    for (const listener of displaced.get(event) ?? []) process.on(event, listener);
  }
}
