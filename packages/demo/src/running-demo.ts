import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { CloseReport, SessionStore } from '@session-stores/core';
import { createApplication } from './application.js';
import { EventLog } from './event-log.js';
import { MisuseError } from './misuse-error.js';
import { openStore } from './open-store.js';
import { sessionSecret } from './session-secret.js';
import type { Settings } from './settings.js';

/** Ms that requests have to end when the demo is stopped. */
const patience = 5_000;
/** Ms that the store has to answer for the first time before that is worth a notice. */
const firstAnswer = 3_000;

/** The demo, listening. */
export class RunningDemo {
  readonly url: string;
  readonly storeTitle: string;
  /** What whoever started it should know. */
  readonly notices: readonly string[];
  readonly store: SessionStore;
  readonly #server: Server;
  readonly #events: EventLog;

  private constructor(
    server: Server,
    events: EventLog,
    store: SessionStore,
    storeTitle: string,
    notices: readonly (string | undefined)[],
  ) {
    const { address, port, family } = server.address() as AddressInfo;
    this.url = `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
    this.store = store;
    this.storeTitle = storeTitle;
    this.notices = notices.filter((notice) => notice !== undefined);
    this.#server = server;
    this.#events = events;
  }

  /** Rejects with a `MisuseError` where the settings cannot work. */
  static async start(settings: Settings): Promise<RunningDemo> {
    const { store, title, path } = openStore(settings.store);
    try {
      const { secret, notice } = sessionSecret(settings.secret, path);
      const outage = await firstCall(store, title);
      const events = new EventLog(store);
      const { idleLimit } = settings;
      const hosts = namesOf(settings.host);
      const server = createServer(createApplication({ store, events, secret, idleLimit, hosts }));
      await listen(server, settings);
      return new RunningDemo(server, events, store, title, [notice, outage]);
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  /** Lets requests end, and the store complete the deletions that it owes; resolves to what it could not. */
  async stop(): Promise<CloseReport> {
    this.#events.close();
    const closed = once(this.#server, 'close');
    this.#server.close();
    const timer = setTimeout(() => this.#server.closeAllConnections(), patience);
    await closed;
    clearTimeout(timer);
    return this.store.close();
  }
}

/** A mistake in the settings should show at once; an outage may pass, and the demo starts all the same. */
async function firstCall(store: SessionStore, title: string): Promise<string | undefined> {
  const timer = Promise.withResolvers<string>();
  const notice = `${title} does not answer yet; until it does, requests get the status 503.`;
  const handle = setTimeout(timer.resolve, firstAnswer, notice);
  try {
    const answer = store.length().then(() => undefined);
    return await Promise.race([answer, timer.promise]);
  } catch (error) {
    const { code, message, cause } = error as NodeJS.ErrnoException;
    if (code === 'BACKEND_UNAVAILABLE' || code === 'TIMEOUT') return notice;
    const why = cause instanceof Error ? `${message}: ${cause.message}` : message;
    throw new MisuseError(`${title} cannot be used: ${why}`, { cause: error });
  } finally {
    clearTimeout(handle);
  }
}

async function listen(server: Server, { host, port }: Settings): Promise<void> {
  try {
    server.listen(port, host);
    await once(server, 'listening');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code === 'EADDRINUSE' ? `something else listens there; try PORT=${port + 1}` : message;
    throw new MisuseError(`cannot listen on port ${port} of ${host}: ${why}`, { cause: error });
  }
}

/** On the machine itself the names of that; where others may come, any name. */
function namesOf(host: string): string[] | undefined {
  const isOwn = ['localhost', '::1'].includes(host) || host.startsWith('127.');
  return isOwn ? ['localhost', '[::1]', '127.0.0.1', host] : undefined;
}
