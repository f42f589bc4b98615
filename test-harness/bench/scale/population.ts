import { randomBytes } from 'node:crypto';
import type { SessionBackend } from '@session-stores/core';
import { SessionStore } from '@session-stores/core';
import type { SessionData } from 'express-session';
import { closedLoop } from '../../dist/bench/closed-loop.js';
import { sessionData } from '../../dist/bench/session-data.js';
import { sessionMaker } from '../../dist/suite/direct-request.js';

/** Calls that wait for their answer at any moment. */
const inFlight = 64;

type Request = Parameters<SessionStore['createSession']>[0];
type LiveSession = ReturnType<SessionStore['createSession']> & { counter: number };

/** Many sessions in one backend, made, loaded and saved as express-session does it. */
export class Population {
  readonly store: SessionStore;
  readonly backend: SessionBackend;
  readonly #prefix = randomBytes(6).toString('hex');
  readonly #bytes: number;
  readonly #make: ReturnType<typeof sessionMaker>;
  size = 0;

  /** `bytes`: of a session as JSON. */
  constructor(backend: SessionBackend, bytes: number) {
    this.backend = backend;
    this.#bytes = bytes;
    this.store = new SessionStore(backend, { sweepInterval: 0 });
    this.#make = sessionMaker(this.store, 24 * 3_600_000);
  }

  /** As long as an id of express-session. */
  idOf(place: number): string {
    return `${this.#prefix}-${place}-`.padEnd(32, 'x');
  }

  async growTo(size: number): Promise<void> {
    const from = this.size;
    await callEach(size - from, (index) => this.create(from + index));
    this.size = size;
  }

  create(place: number): Promise<void> {
    const id = this.idOf(place);
    return this.store.set(id, this.#make(id, sessionData(this.#bytes, place)) as unknown as SessionData);
  }

  async get(place: number): Promise<SessionData> {
    const found = await this.store.get(this.idOf(place));
    if ((found as { place?: number } | undefined)?.place !== place) throw new Error('a session is not there');
    return found as SessionData;
  }

  async load(place: number): Promise<LiveSession> {
    const request = { sessionID: this.idOf(place), sessionStore: this.store } as unknown as Request;
    return this.store.createSession(request, await this.get(place)) as LiveSession;
  }

  destroy(place: number): Promise<void> {
    return this.store.destroy(this.idOf(place));
  }

  /** So many different places of live sessions, at random. */
  sample(count: number): number[] {
    const places = new Set<number>();
    while (places.size < Math.min(count, this.size)) places.add(Math.floor(Math.random() * this.size));
    return [...places];
  }
}

/** Makes `count` calls, `inFlight` at a time, and measures how many a second. Rejects with the first failure. */
export async function callEach(count: number, call: (index: number) => Promise<unknown>): Promise<number> {
  const { perSecond } = await closedLoop(
    inFlight,
    (started) => started < count,
    (index, done) => void call(index).then(() => done(), done),
  );
  return perSecond;
}
