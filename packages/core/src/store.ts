import { type Session, type SessionData, Store } from 'express-session';
import { type Callback, deliver } from './answer.js';
import type { Awaitable } from './awaitable.js';
import type { SessionBackend } from './backend.js';
import type { BackendCalls } from './calls.js';
import { destroyEach } from './destroy-each.js';
import type { CloseReport } from './destroys.js';
import { SessionStoreError } from './errors.js';
import {
  type AnyListener,
  type Emit,
  emitEvent,
  type Listener,
  record,
  type SessionStoreEvents,
} from './events.js';
import { checkId, isId } from './id.js';
import { callsOf } from './layers.js';
import { allIds, allSessions, countSessions } from './listing.js';
import type { Operation } from './operation.js';
import { checkBackend, type SessionStoreOptions, type Settings, settingsOf } from './options.js';
import { Reachability } from './reachability.js';
import { Running, type Start } from './running.js';
import { Sessions } from './sessions.js';
import { Sweeper } from './sweeper.js';

/** Marks the stores of this package, whichever copy of it they come from. */
export const ownStore = Symbol.for('@session-stores/core');

type Data = SessionData;
type Request = Parameters<Store['createSession']>[0];
type Generate = (request: Request) => void;

/** It adds types to the methods that the class inherits, and nothing else. */
export interface SessionStore {
  on<Name extends keyof SessionStoreEvents>(name: Name, listener: Listener<Name>): this;
  on(name: string | symbol, listener: AnyListener): this;
  once<Name extends keyof SessionStoreEvents>(name: Name, listener: Listener<Name>): this;
  once(name: string | symbol, listener: AnyListener): this;
}

/**
 * The store that express-session is given, on any `SessionBackend`. Every method takes a callback, which is called exactly
 * once, never before the method has returned, and with `null` for no error; and returns a promise, which may be left
 * alone: it never becomes an unhandled rejection. What fails fails with a `SessionStoreError` and is a `storeError` event.
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: the interface has nothing that the class would have to make
export class SessionStore extends Store {
  readonly [ownStore] = true;
  readonly #calls: BackendCalls;
  readonly #settings: Settings;
  readonly #sessions: Sessions;
  readonly #sweeper: Sweeper;
  readonly #running: Running;
  readonly #reachability: Reachability | undefined;
  readonly #report: Emit = (name, payload) => {
    if (!this.#running.isStarting) {
      emitEvent(this, name, payload);
    } else if (this.listenerCount(name) > 0) {
      // What is done at once is told of when the call has returned, as everything else is.
      queueMicrotask(() => emitEvent(this, name, payload));
    }
  };
  readonly #asDestroy: Start = {
    onRefused: (id) => (isId(id) ? this.#sessions.destroys.givenUp.refused(id) : undefined),
  };
  #generate: Generate | undefined;
  #closing: Promise<CloseReport> | undefined;

  /** Throws `InvalidOptionError` for what is no backend, and for options that are unknown or of the wrong type. */
  constructor(backend: SessionBackend, options?: SessionStoreOptions) {
    super();
    checkBackend(new.target.name, backend);
    this.#settings = settingsOf(new.target.name, options);
    const { operationTimeout, policy, sweepInterval, maxPending, signalDisconnect } = this.#settings;
    const onError = (error: SessionStoreError): void => this.#failed(undefined, undefined, error);
    this.#calls = callsOf(new.target.name, backend, this.#settings, {
      report: this.#report,
      onError,
      onAnswered: signalDisconnect ? () => this.#reachability?.answered() : undefined,
    });
    if (signalDisconnect) {
      const timeLimit = policy?.attemptTimeout ?? operationTimeout;
      this.#reachability = new Reachability(this.#calls, timeLimit, this.#report);
    }
    this.#sessions = new Sessions(this.#calls, this.#settings, this.#report);
    this.#running = new Running(operationTimeout, maxPending, (...failure) => this.#failed(...failure));
    this.#sweeper = new Sweeper(this.#calls, sweepInterval, onError);
  }

  /** express-session assigns its maker of new sessions here; what it makes is marked as new. */
  get generate(): Generate | undefined {
    return this.#generate;
  }

  set generate(generate: Generate) {
    this.#generate = (request) => {
      generate(request);
      // With a `genid` that gives something else express-session never saves the session.
      if (typeof request.sessionID === 'string') {
        this.#sessions.made(this.storedId(request.sessionID), request.session);
      }
    };
  }

  override createSession(request: Request, data: Data): Session & Data {
    const origin = this.#sessions.provenance.of(data);
    const session = super.createSession(request, data);
    if (origin !== undefined) {
      this.#sessions.provenance.remember(session, origin);
    }
    return session;
  }

  /** The session of this id, or `undefined` if there is none. Fails with `CORRUPT` or `CANNOT_DECRYPT` if it cannot be read. */
  override get(id: string, callback?: Callback<Data | undefined>): Promise<Data | undefined> {
    return this.#onSession('get', id, callback, (operation, storedId) =>
      this.#sessions.get(operation, storedId),
    );
  }

  /**
   * Saves a session. One that came from this store, or that express-session made, is merged into what is stored, and
   * dropped, without an error, if it was destroyed. A plain object takes the place of the whole session. Fails with
   * `INVALID_SESSION` if it cannot be serialized, `TOO_LARGE` if it exceeds `maxBytes`, `EXPIRED` if it has expired, `AMBIGUOUS` if its fate is unknown.
   */
  override set(id: string, session: Data, callback?: Callback<void>): Promise<void> {
    return this.#onSession('set', id, callback, (operation, storedId) =>
      this.#sessions.set(operation, storedId, session),
    );
  }

  /** Extends the life of a session, and saves its cookie if the request changed it. Never saves data. */
  override touch(id: string, session: Data, callback?: Callback<void>): Promise<void> {
    return this.#onSession('touch', id, callback, (operation, storedId) =>
      this.#sessions.touch(operation, storedId, session),
    );
  }

  /** Once this has succeeded, nobody gets that session any more. There being none is a success. */
  override destroy(id: string, callback?: Callback<void>): Promise<void> {
    return this.#destroy(id, callback, this.#asDestroy);
  }

  /**
   * Destroys many sessions, by their ids or by what `ids` and `all` gave, some of them at once. Fails if any could not be
   * destroyed; the `errors` of the cause say why.
   */
  destroyMany(ids: Iterable<string>, callback?: Callback<void>): Promise<void> {
    return this.#onAll('destroyMany', callback, (operation) => {
      let timeout: SessionStoreError | undefined;
      return destroyEach(
        ids,
        (id) =>
          this.#destroy(id, undefined, {
            ...this.#asDestroy,
            isPart: true,
            timeLimit: Math.ceil(operation.remaining),
          }),
        (id) => {
          if (operation.over) {
            timeout ??= operation.timeoutError();
            this.#sessions.destroys.givenUp.notBegun(this.#settings.atRest.ids.ofListed(id), timeout);
          }
          return timeout;
        },
      );
    });
  }

  /**
   * Changes a session atomically: `fn` gets it, changes it or returns another, and may be async; after a conflict it runs
   * again on what is stored then. It is not called if there is no session. It must not call the store, which would make it
   * wait for itself. Resolves to the session as it was saved, or `undefined`.
   */
  update(
    id: string,
    // biome-ignore lint/suspicious/noConfusingVoidType: a function that changes its argument returns nothing
    fn: (session: Data) => Data | undefined | void | Promise<Data | undefined | void>,
    callback?: Callback<Data | undefined>,
  ): Promise<Data | undefined> {
    return this.#onSession('update', id, callback, (operation, storedId) => {
      if (typeof fn !== 'function') {
        throw new SessionStoreError(
          'INVALID_ARGUMENT',
          'update: pass a function that gets the session and changes it',
        );
      }
      return this.#sessions.update(operation, storedId, fn);
    });
  }

  /** All live sessions, each with its `id` as it is stored. Fails with `CORRUPT` or `CANNOT_DECRYPT` if one cannot be read. */
  override all(callback?: Callback<(Data & { id: string })[]>): Promise<(Data & { id: string })[]> {
    return this.#onAll('all', callback, (operation) => allSessions(operation, this.#calls, this.#sessions));
  }

  /** The ids of all live sessions, as they are stored. */
  ids(callback?: Callback<string[]>): Promise<string[]> {
    return this.#onAll('ids', callback, (operation) => allIds(operation, this.#calls, this.#sessions));
  }

  /** What the storage, `ids`, `all`, events and errors know this id by: with `hashIds` its hash, otherwise the id itself. */
  storedId(id: string): string {
    return this.#settings.atRest.ids.of(id);
  }

  /** How many sessions are live. */
  override length(callback?: Callback<number>): Promise<number> {
    return this.#onAll('length', callback, (operation) =>
      countSessions(operation, this.#calls, this.#sessions),
    );
  }

  /** Destroys all sessions of this store. */
  override clear(callback?: Callback<void>): Promise<void> {
    return this.#onAll('clear', callback, (operation) => this.#sessions.destroys.clear(operation));
  }

  /**
   * Waits for what is running, goes on with given-up destroys for up to `operationTimeout`, and closes what the store opened
   * itself. Everything called later fails with `CLOSED`.
   */
  close(callback?: Callback<CloseReport>): Promise<CloseReport> {
    if (this.#closing === undefined) {
      this.#closing = this.#close();
      this.#closing.catch((error: Error) => this.#failed('close', undefined, error));
    }
    return deliver(this.#closing, callback);
  }

  async #close(): Promise<CloseReport> {
    this.#sweeper.stop();
    this.#reachability?.stop();
    await this.#running.end();
    const report = await this.#sessions.destroys.finish(this.#settings.operationTimeout);
    await this.#calls.close();
    return report;
  }

  #destroy(id: string, callback: Callback<void> | undefined, how: Start): Promise<void> {
    const storedId = typeof id === 'string' ? this.#settings.atRest.ids.ofListed(id) : '';
    const work = (operation: Operation): Awaitable<void> => {
      checkId(id);
      return this.#sessions.destroys.destroy(operation, storedId);
    };
    return this.#running.start('destroy', storedId || undefined, callback, work, how);
  }

  #onSession<T>(
    name: string,
    id: string,
    callback: Callback<T> | undefined,
    work: (operation: Operation, storedId: string) => Awaitable<T>,
  ): Promise<T> {
    const { ids } = this.#settings.atRest;
    const storedId = typeof id === 'string' ? ids.of(id) : '';
    return this.#running.start(name, storedId || undefined, callback, (operation) => {
      checkId(id);
      ids.refuseListed(id);
      return work(operation, storedId);
    });
  }

  #onAll<T>(
    name: string,
    callback: Callback<T> | undefined,
    work: (operation: Operation) => Awaitable<T>,
  ): Promise<T> {
    return this.#running.start(name, undefined, callback, work);
  }

  #failed(operation: string | undefined, id: string | undefined, error: Error): void {
    this.#reachability?.failed(error);
    this.#report('storeError', () => ({
      operation,
      record: id === undefined ? undefined : record(id).record,
      error,
    }));
  }
}
