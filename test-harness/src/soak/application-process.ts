import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import type { Session, Store } from 'express-session';
import { type Subject, subjectFrom } from '../suite/subject.js';
import { soakApplication } from './application.js';
import { record } from './histories.js';
import { LiveTimers } from './live-timers.js';
import { MemoryWatch } from './memory-watch.js';
import type { FromProcess, Opening, Remains, ToProcess } from './messages.js';
import { StoreEvents } from './store-events.js';
import { WatchedStore } from './watched-store.js';

// A process of the application that is soaked, as fleet.ts starts it.

/** Ms that timers and sockets of a closed store have to end. */
const patience = 3_000;

const timers = new LiveTimers();

interface Running {
  readonly subject: Subject;
  readonly store: Store;
  readonly watched: WatchedStore;
  readonly events: StoreEvents;
  readonly memory: MemoryWatch;
  readonly server: Server;
}

let running: Running | undefined;

function tell(message: FromProcess, then: () => void = () => {}): void {
  if (process.connected) process.send?.(message, then);
  else then();
}

async function open({ module, surroundings, history }: Opening): Promise<void> {
  const exported = (await import(module)) as { default?: unknown };
  const subject = subjectFrom(exported.default);
  const store = await subject.create(surroundings);
  const events = new StoreEvents(store);
  const watched = new WatchedStore(store);
  const memory = new MemoryWatch();
  const application = soakApplication(store, (session: Session) => memory.look(session));
  record(store, history);
  const server = createServer(application);
  // Connections end when the run ends: one that is closed under a request would look like a lost request.
  server.keepAliveTimeout = 0;
  // Node's own backlog of 511 is less than the users that may connect at once: the system would reset what it has no room for.
  server.listen(0, '127.0.0.1', 4096);
  await once(server, 'listening');
  running = { subject, store, watched, events, memory, server };
  tell({ is: 'listening', port: (server.address() as AddressInfo).port });
}

async function close({ subject, store, watched, memory, server }: Running): Promise<Remains> {
  server.close();
  server.closeIdleConnections();
  await once(server, 'close');
  const unclosed = await closeStore(subject, store);
  const deadline = performance.now() + patience;
  while (performance.now() < deadline && (timers.running.length > 0 || resources().length > 0)) {
    await wait(20);
  }
  return {
    calls: watched.calls,
    calledTwice: watched.calledTwice,
    calledEarly: watched.calledEarly,
    neverCalled: watched.neverCalled,
    slowestCall: watched.slowest,
    unclosed,
    timers: timers.running,
    resources: resources(),
    ...(await memory.remains()),
  };
}

async function closeStore(subject: Subject, store: Store): Promise<string[]> {
  const { close: itsOwn } = store as { close?(): unknown };
  try {
    const closed = subject.close === undefined ? await itsOwn?.call(store) : await subject.close(store);
    const { unfinishedDeletions = [] } = Object(closed) as { unfinishedDeletions?: readonly string[] };
    return unfinishedDeletions.map((record) => `the destroy of session ${record} is not finished`);
  } catch (error) {
    return [`close: ${error}`];
  }
}

/** What keeps this process alive beside its parent. */
function resources(): string[] {
  return process
    .getActiveResourcesInfo()
    .filter((name) => !['PipeWrap', 'Immediate', 'TTYWrap'].includes(name));
}

process.on('message', async (message: ToProcess) => {
  if (message.tell === 'open') {
    await open(message.opening).catch((error: Error) => tell({ is: 'failed', reason: reasonOf(error) }));
  } else if (message.tell === 'events') {
    const { record } = message;
    tell({ is: 'told', record, events: running?.events.of(record) ?? [] });
  } else if (running !== undefined) {
    const remains = await close(running);
    // From here on nothing but what the store has left behind keeps this process alive.
    process.off('disconnect', end);
    tell({ is: 'closed', remains }, () => process.disconnect());
  }
});

const end = (): never => process.exit();
// The parent has died.
process.on('disconnect', end);

process.on('unhandledRejection', (reason) => tell({ is: 'unhandled', reason: reasonOf(reason) }));
process.on('uncaughtException', (error) =>
  tell({ is: 'dying', reason: reasonOf(error) }, () => process.exit(1)),
);

function reasonOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : `${error}`;
}
