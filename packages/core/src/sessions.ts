import type { SessionData } from 'express-session';
import { type Awaitable, after } from './awaitable.js';
import type { SessionRecord } from './backend.js';
import type { BackendCalls } from './calls.js';
import { Commits, type Outcome } from './commit.js';
import { composeReplacement, composeSave, composeUpdate } from './compose.js';
import { Destroys } from './destroys.js';
import { type Emit, record } from './events.js';
import { isoText } from './iso-time.js';
import { Lanes } from './lane.js';
import { type CookieData, cookieDataOf, endOf } from './lifetime.js';
import { Lives, longestLateness } from './lives.js';
import type { Operation } from './operation.js';
import type { Settings } from './options.js';
import { copiedBirth, loadedOrigin, newOrigin, type Origin, Provenance } from './provenance.js';
import { type Retried, retriedBy } from './retry.js';
import { freshBirth } from './revision.js';
import { cookieChanged, cookieChangeOf, parseSession, type Snapshot, snapshotOf } from './snapshot.js';
import { touchRecord } from './touch.js';

/** The last moment that a Date can hold, in epoch ms. */
const endOfTime = 8.64e15;

/** What the operations on one session mean. All reject with errors of ours, or with what the application's functions throw. */
export class Sessions {
  readonly provenance = new Provenance();
  readonly destroys: Destroys;
  readonly retried: Retried;
  readonly #lanes = new Lanes();
  readonly #lives: Lives;
  readonly #calls: BackendCalls;
  readonly #settings: Settings;
  readonly #emit: Emit;
  readonly #commits: Commits;

  constructor(calls: BackendCalls, settings: Settings, emit: Emit) {
    this.#calls = calls;
    this.#settings = settings;
    this.#emit = emit;
    this.#lives = new Lives(longestLateness(settings.operationTimeout));
    this.retried = retriedBy(settings.policy, (operation, error, attempt) =>
      emit('retry', () => ({
        record: operation.id === undefined ? undefined : record(operation.id).record,
        operation: operation.name,
        attempt,
        error,
      })),
    );
    this.#commits = new Commits(calls, this.#lives, settings, this.retried, (id) =>
      emit('conflict', () => record(id)),
    );
    this.destroys = new Destroys(calls, this.#lives, this.#lanes, settings, emit, this.retried);
  }

  /** Marks a session that was made now and has not been saved. */
  made(id: string, session: object): void {
    this.provenance.remember(session, newOrigin(id, this.#birthFor(id), this.#lives.now()));
  }

  get(operation: Operation, id: string): Awaitable<SessionData | undefined> {
    const since = this.#lives.now();
    return this.#lanes.shared(id, operation, () =>
      after(this.#read(operation, id), (found) => {
        if (found === undefined) {
          return undefined;
        }
        const { session } = this.open(found, since);
        this.#emit('loaded', () => record(id));
        return session;
      }),
    );
  }

  /** Saves the session as it is at the call. */
  set(operation: Operation, id: string, session: unknown): Awaitable<void> {
    const origin = this.provenance.of(session, id);
    const base = origin?.base;
    const mine = snapshotOf(session, base, this.#settings.serializer);
    const called = this.#lives.now();
    return this.#lanes.exclusive(id, operation, () => {
      if (origin === undefined) {
        return this.#replace(operation, id, mine, called);
      }
      const unchanged = base !== undefined && base === origin.base && mine.pinned === base.data;
      return unchanged ? this.#touch(operation, origin, mine.cookie) : this.#save(operation, origin, mine);
    });
  }

  touch(operation: Operation, id: string, session: unknown): Awaitable<void> {
    const known = this.provenance.of(session, id);
    const cookie = typeof session === 'object' && session !== null ? cookieDataOf(session) : undefined;
    return this.#lanes.exclusive(id, operation, () =>
      after(known ?? this.#originOf(operation, id), (origin) => {
        const { serializer } = this.#settings;
        const base = origin?.base;
        if (origin === undefined || base === undefined) {
          return this.#drop(operation, id);
        }
        if (cookie !== undefined && cookieChanged(base.cookie, cookie, serializer)) {
          return this.#save(operation, origin, () => cookieChangeOf(id, base, cookie, serializer));
        }
        return this.#touch(operation, origin, cookie);
      }),
    );
  }

  /** Reads, lets `fn` change, and writes, until nobody came in between. */
  update(
    operation: Operation,
    id: string,
    fn: (session: SessionData) => unknown,
  ): Awaitable<SessionData | undefined> {
    return this.#lanes.exclusive(id, operation, async () => {
      const found = await this.#read(operation, id);
      if (found === undefined) {
        return undefined;
      }
      const origin = loadedOrigin(found, undefined, this.#lives.now());
      let session: SessionData | undefined;
      const outcome = await this.#commits.write(operation, origin, async () => {
        const opened = this.open({ ...origin, data: origin.stored });
        const ended = endOf(cookieDataOf(opened.session));
        const result = await operation.race(Promise.resolve(fn(opened.session)));
        session = (result ?? opened.session) as SessionData;
        origin.base = opened.origin.base;
        const base = opened.origin.base ?? { data: origin.stored, cookie: undefined };
        const mine = snapshotOf(session, base, this.#settings.serializer);
        return composeUpdate(base, ended, mine, this.#settings);
      });
      if (outcome === 'gone' || session === undefined) {
        this.#drop(operation, id);
        return undefined;
      }
      await this.#conclude(operation, origin, outcome, 'saved');
      this.provenance.remember(session, origin);
      return session;
    });
  }

  /** The session of a record, with the expiry that the record has now, and its origin. Throws `CORRUPT`. */
  open(found: SessionRecord, since = this.#lives.now()): { session: SessionData; origin: Origin } {
    const session = parseSession(found.id, found.data, this.#settings.serializer);
    const origin = loadedOrigin(found, cookieDataOf(session), since);
    const cookie = session.cookie as { expires?: unknown } | undefined;
    if (cookie?.expires && found.expiresAt <= endOfTime) {
      const isText = typeof cookie.expires === 'string';
      cookie.expires = isText ? isoText(found.expiresAt) : new Date(found.expiresAt);
    }
    this.#lives.saw(found.id, found.birth);
    this.provenance.remember(session, origin);
    return { session, origin };
  }

  #read(operation: Operation, id: string): Awaitable<SessionRecord | undefined> {
    if (this.destroys.givenUp.hidesAll(id)) {
      return undefined;
    }
    return after(
      this.retried(operation, () => this.#calls.read(id, operation).answer),
      (found) => (found === undefined || this.destroys.givenUp.hides(id, found.birth) ? undefined : found),
    );
  }

  /** The origin of a session that came as a plain object, if there is one under its id. */
  #originOf(operation: Operation, id: string): Awaitable<Origin | undefined> {
    return after(this.#read(operation, id), (found) =>
      found === undefined ? undefined : this.open(found).origin,
    );
  }

  #save(operation: Operation, origin: Origin, mine: Snapshot | (() => Snapshot)): Awaitable<void> {
    const { id, since } = origin;
    const isNew = origin.base === undefined;
    const isDead = isNew ? this.#lives.diedSince(id, since) : this.destroys.givenUp.hides(id, origin.birth);
    if (isDead) {
      return this.#drop(operation, id);
    }
    const before = isNew ? this.destroys.completeBefore(operation, id) : undefined;
    const outcome = after(before, () => {
      const snapshot = typeof mine === 'function' ? mine() : mine;
      return this.#commits.write(operation, origin, () => {
        const composed = composeSave(origin, snapshot, this.#settings);
        return composed instanceof Promise ? operation.race(composed) : composed;
      });
    });
    return after(outcome, (known) => this.#conclude(operation, origin, known, isNew ? 'created' : 'saved'));
  }

  /** A plain object takes the place of the whole session, or makes one. */
  async #replace(operation: Operation, id: string, mine: Snapshot, called: number): Promise<void> {
    if (this.#lives.diedSince(id, called)) {
      this.#drop(operation, id);
      return;
    }
    await this.destroys.completeBefore(operation, id);
    const found = await this.#read(operation, id);
    const origin =
      found === undefined
        ? newOrigin(id, this.#birthFor(id), this.#lives.now())
        : loadedOrigin(found, undefined, this.#lives.now());
    const outcome = await this.#commits.write(operation, origin, () =>
      composeReplacement(origin, mine, this.#settings),
    );
    await this.#conclude(operation, origin, outcome, found === undefined ? 'created' : 'saved');
  }

  #touch(operation: Operation, origin: Origin, cookie: CookieData | undefined): Awaitable<void> {
    const { id, birth, since } = origin;
    // With `touchInterval` a touch may not get as far as to the storage, which would tell.
    if (this.destroys.givenUp.hides(id, birth) || this.#lives.diedSince(id, since)) {
      return this.#drop(operation, id);
    }
    const touched = touchRecord(this.#calls, operation, origin, cookie, this.#settings, this.retried);
    return after(touched, (outcome) => {
      if (outcome === 'gone') {
        this.#drop(operation, id);
      } else if (outcome === 'touched') {
        this.#emit('touched', () => record(id));
      }
    });
  }

  #conclude(
    operation: Operation,
    { id, birth }: Origin,
    outcome: Outcome,
    event: 'created' | 'saved',
  ): Awaitable<void> {
    if (outcome === 'gone') {
      this.#drop(operation, id);
    } else if (outcome === 'ends') {
      return this.destroys.end(operation, id, birth);
    } else if (outcome === 'written') {
      this.#emit(event, () => record(id));
    }
    return undefined;
  }

  #drop(operation: Operation, id: string): void {
    this.#emit('dropped', () => ({ ...record(id), operation: operation.name }));
  }

  #birthFor(id: string): string {
    return this.#settings.copiedSessions ? copiedBirth(id) : freshBirth();
  }
}
