import type { SessionStore, SessionStoreEvents } from '@session-stores/core';
import type { Request, Response } from 'express';

type EventName = keyof SessionStoreEvents;

/** Every event of a store, by a table that the compiler holds complete. */
const names = Object.keys({
  created: 0,
  loaded: 0,
  saved: 0,
  touched: 0,
  destroyed: 0,
  dropped: 0,
  conflict: 0,
  retry: 0,
  gaveUp: 0,
  breakerOpened: 0,
  breakerClosed: 0,
  evicted: 0,
  storeError: 0,
  disconnect: 0,
  connect: 0,
} satisfies Record<EventName, 0>) as EventName[];

interface Entry {
  readonly number: number;
  readonly text: string;
}

/** How many events somebody who comes, or comes back, is told of. */
const remembered = 100;
const mostListeners = 50;
/** Ms between signs of life, which keep proxies from closing a quiet stream. */
const heartbeat = 20_000;

/** The events of a store as a stream of Server-Sent Events. */
export class EventLog {
  readonly #entries: Entry[] = [];
  readonly #listeners = new Set<Response>();
  readonly #timer = setInterval(() => this.#send(': still here\n\n'), heartbeat).unref();
  // Numbers go on from the clock, so that a page that outlives the process does not take new events for known ones.
  #number = Date.now();

  constructor(store: SessionStore) {
    for (const name of names) {
      store.on(name, (payload: SessionStoreEvents[EventName]) => this.#add(name, payload));
    }
  }

  /** Sends what came since the one that the browser saw last, and then what comes. */
  stream(request: Request, response: Response): void {
    if (this.#listeners.size >= mostListeners) {
      response.status(503).json({ error: 'Too many pages are looking on.', code: 'TOO_MANY' });
      return;
    }
    response.set({ 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
    response.flushHeaders();
    const last = Number(request.get('last-event-id') ?? 0);
    response.write('retry: 1000\n\n');
    for (const { number, text } of this.#entries) if (number > last) response.write(text);
    this.#listeners.add(response);
    response.on('close', () => this.#listeners.delete(response));
  }

  /** Ends all streams, which would otherwise keep the server from closing. */
  close(): void {
    clearInterval(this.#timer);
    for (const response of this.#listeners) response.end();
  }

  #add(name: EventName, payload: SessionStoreEvents[EventName]): void {
    const { error, ...rest } = { error: undefined, ...payload } as { error?: Error | undefined };
    const failure =
      error === undefined ? {} : { code: (error as NodeJS.ErrnoException).code, message: error.message };
    this.#number += 1;
    const data = JSON.stringify({ event: name, at: Date.now(), ...rest, ...failure });
    const entry = { number: this.#number, text: `id: ${this.#number}\ndata: ${data}\n\n` };
    this.#entries.push(entry);
    if (this.#entries.length > remembered) this.#entries.shift();
    this.#send(entry.text);
  }

  #send(text: string): void {
    for (const response of this.#listeners) response.write(text);
  }
}
