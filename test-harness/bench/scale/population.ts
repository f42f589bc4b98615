import { randomBytes } from 'node:crypto';
import type { SessionBackend } from '@session-stores/core';
import { SessionStore } from '@session-stores/core';
import session, { type SessionData } from 'express-session';
import { sessionData } from '../../src/bench/session-data.ts';

/** Calls that wait for their answer at any moment. */
export const inFlight = 64;

type Request = Parameters<SessionStore['createSession']>[0];
type LiveSession = ReturnType<SessionStore['createSession']> & { counter: number };

/** Many sessions in one backend, made, loaded and saved as express-session does it. */
export class Population {
  readonly store: SessionStore;
  readonly backend: SessionBackend;
  readonly #prefix = randomBytes(6).toString('hex');
  readonly #bytes: number;
  #nextId = '';
  size = 0;

  /** `bytes`: of a session as JSON. */
  constructor(backend: SessionBackend, bytes: number) {
    this.backend = backend;
    this.#bytes = bytes;
    this.store = new SessionStore(backend, { sweepInterval: 0 });
    session({
      store: this.store,
      secret: 'scale',
      resave: false,
      saveUninitialized: false,
      genid: () => this.#nextId,
      cookie: { maxAge: 24 * 3_600_000 },
    });
  }

  /** As long as an id of express-session. */
  idOf(place: number): string {
    return `${this.#prefix}-${place}-`.padEnd(32, 'x');
  }

  async growTo(size: number): Promise<void> {
    const from = this.size;
    await each(size - from, (index) => this.create(from + index));
    this.size = size;
  }

  create(place: number): Promise<void> {
    this.#nextId = this.idOf(place);
    const request = { sessionStore: this.store } as unknown as Request & { session: SessionData };
    (this.store as unknown as { generate(request: Request): void }).generate(request);
    Object.assign(request.session, sessionData(this.#bytes, place));
    return this.store.set(this.#nextId, request.session);
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

/** Makes `count` calls, `inFlight` at a time. Rejects with the first failure. */
export async function each(count: number, call: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < count) await call(next++);
  };
  await Promise.all(Array.from({ length: inFlight }, work));
}
