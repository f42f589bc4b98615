import type { SessionData, Store } from 'express-session';
import { type RequestSession, sessionMaker } from '../suite/direct-request.js';
import { closedLoop } from './closed-loop.js';
import type { Load, Measurement, Operation } from './contestant.js';
import { sessionData } from './session-data.js';

/** What keeps the sessions of one condition in memory within reason, in bytes, and in sessions. */
const mostBytes = 20_000_000;
const mostSessions = 10_000;

/** How many sessions of a phase are looked at afterwards: whoever does nothing is fast. */
const samples = 16;

/**
 * Puts load on a store. The phases follow the life of its sessions: `create` makes a set of them, the others use it, `destroy`
 * ends it. All reject where the store answers with an error, or has not done what it was told.
 */
export class StoreLoad {
  readonly #store: Store;
  readonly #make: ReturnType<typeof sessionMaker>;
  /** Ms that a session cost in `create` or `destroy`, by condition: the set can be as large as the time allows. */
  readonly #costs = new Map<string, number>();
  #sets = 0;
  #sessions: RequestSession[] = [];
  #areLoaded = false;

  readonly #phases: Readonly<Record<Operation, (load: Load) => Promise<Measurement>>> = {
    create: (load) => this.#once(load, (session, done) => this.#store.set(session.id, session, done)),
    get: (load) =>
      this.#again(load, ({ id }, done, place) => {
        this.#store.get(id, (error, found) => done(error ?? mismatch(found, place)));
      }),
    touch: (load) =>
      this.#again(load, (session, done) => {
        session.resetMaxAge();
        (this.#store as Required<Store>).touch(session.id, session, done);
      }),
    update: (load) =>
      this.#again(load, (session, done) => {
        session.counter += 1;
        this.#store.set(session.id, session, done);
      }),
    destroy: (load) => this.#once(load, ({ id }, done) => this.#store.destroy(id, done)),
  };

  constructor(store: Store) {
    this.#store = store;
    this.#make = sessionMaker(store);
  }

  async measure(load: Load): Promise<Measurement> {
    const { operation } = load;
    if (operation === 'create') this.#prepare(load);
    else if (this.#sessions.length === 0) throw new Error(`${operation} comes after create`);
    else if ((operation === 'touch' || operation === 'update') && !this.#areLoaded) await this.#load();
    // What others left on the heap, and the preparation, is not to be paid for now.
    (globalThis as { gc?: (options: object) => void }).gc?.({ type: 'minor' });
    const result = await this.#phases[operation](load);
    if (operation === 'update' || operation === 'destroy') await this.#verify(operation);
    return result;
  }

  /** A set of sessions that are not saved yet. */
  #prepare({ inFlight, size, milliseconds }: Load): void {
    const cost = (operation: string) =>
      this.#costs.get(`${operation} ${inFlight} ${size}`) ?? Number.POSITIVE_INFINITY;
    const wanted = milliseconds / Math.max(cost('create'), cost('destroy'));
    const most = Math.min(mostSessions, mostBytes / size);
    // Twice what is in flight, or calls would meet on one session.
    const count = Math.ceil(Math.max(Math.min(wanted, most), 2 * inFlight, 2 * samples));
    const set = `${process.pid}-${++this.#sets}-`;
    this.#sessions = Array.from({ length: count }, (_, place) =>
      // As long as an id of express-session.
      this.#make((set + place).padEnd(32, 'x'), sessionData(size, place)),
    );
    this.#areLoaded = false;
  }

  /** In place of the sessions that were created, those that so many other requests get. */
  async #load(): Promise<void> {
    const { length } = this.#sessions;
    await closedLoop(
      64,
      (started) => started < length,
      (place, done) => {
        const { id } = this.#sessions[place] as RequestSession;
        this.#store.get(id, (error, found) => {
          if (error || mismatch(found, place)) return done(error ?? mismatch(found, place));
          const request = { sessionID: id, sessionStore: this.#store } as never;
          this.#sessions[place] = this.#store.createSession(request, found as SessionData) as never;
          done();
        });
      },
    );
    this.#areLoaded = true;
  }

  async #once(
    { operation, inFlight, size }: Load,
    call: (session: RequestSession, done: (error?: unknown) => void) => void,
  ): Promise<Measurement> {
    const { length } = this.#sessions;
    const result = await closedLoop(
      inFlight,
      (started) => started < length,
      (place, done) => call(this.#sessions[place] as RequestSession, done),
    );
    this.#costs.set(`${operation} ${inFlight} ${size}`, 1000 / result.perSecond);
    return result;
  }

  #again(
    { inFlight, milliseconds }: Load,
    call: (session: RequestSession, done: (error?: unknown) => void, place: number) => void,
  ): Promise<Measurement> {
    const { length } = this.#sessions;
    const end = performance.now() + milliseconds;
    return closedLoop(
      inFlight,
      () => performance.now() < end,
      (index, done) => call(this.#sessions[index % length] as RequestSession, done, index % length),
    );
  }

  async #verify(operation: 'update' | 'destroy'): Promise<void> {
    const step = Math.max(1, Math.floor(this.#sessions.length / samples));
    for (let place = 0; place < this.#sessions.length; place += step) {
      const { id, counter } = this.#sessions[place] as RequestSession;
      const stored = (await this.#stored(id)) as { counter?: number } | undefined;
      if (operation === 'destroy' && stored !== undefined)
        throw new Error('a session is there after its destroy');
      if (operation === 'update' && stored?.counter !== counter) throw new Error('an update is not stored');
    }
  }

  #stored(id: string): Promise<SessionData | undefined> {
    return new Promise((resolve, reject) => {
      this.#store.get(id, (error, found) => (error ? reject(error) : resolve(found ?? undefined)));
    });
  }
}

function mismatch(found: unknown, place: number): Error | undefined {
  return (found as { place?: number } | undefined | null)?.place === place
    ? undefined
    : new Error('get did not find the session that was created');
}
