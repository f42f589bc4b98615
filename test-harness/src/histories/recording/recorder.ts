import type { Request } from 'express';
import type { SessionData, Store } from 'express-session';
import type { Action, Answer, Data } from '../../model/operation.js';
import { newSession } from '../../suite/calls.js';
import { type RequestSession, sessionMaker } from '../../suite/direct-request.js';
import { answerOf, type Method } from './answer.js';
import type { HistoryClock } from './clock.js';
import { dataOf } from './data.js';
import { HeldSession } from './held-session.js';
import type { Entry, HistoryLog } from './log.js';

export interface RecorderOptions {
  /** Names the store in the history: no other of any process has this name. */
  readonly name: string;
  readonly log: HistoryLog;
  readonly clock: HistoryClock;
  /** Names a session in the history, which does not tell ids. */
  readonly sessionName: (id: string) => string;
  /** Ms that a session lives; 600,000 unless told. The model knows one lifetime for all sessions of an id. */
  readonly lifetime?: ((id: string) => number) | undefined;
  /** Ms after which an answer is not waited for any more; 30,000 unless told. */
  readonly patience?: number | undefined;
}

/** Calls one store as express-session does for the requests of several clients, and records what it was answered. */
export class Recorder {
  readonly store: Store;
  readonly #options: RecorderOptions;
  readonly #make: ReturnType<typeof sessionMaker>;
  #calls = 0;
  #handles = 0;

  constructor(store: Store, options: RecorderOptions) {
    this.store = store;
    this.#options = options;
    this.#make = sessionMaker(store);
  }

  /** Somebody who does one thing after another. */
  client(name: string): RecordedClient {
    return new RecordedClient(this, name);
  }

  get name(): string {
    return this.#options.name;
  }

  get now(): number {
    return this.#options.clock.now;
  }

  /** The history's time of a moment of `Date.now()`. */
  at(epoch: number): number {
    return this.#options.clock.at(epoch);
  }

  lifetimeOf(id: string): number {
    return this.#options.lifetime?.(id) ?? 600_000;
  }

  newHandle(): string {
    this.#handles += 1;
    return `${this.#options.name}/${this.#handles}`;
  }

  /** `req.session` of a new visitor whose id is this one. */
  make(id: string, data: Record<string, unknown>): RequestSession {
    const made = this.#make(id, data);
    made.cookie.maxAge = this.lifetimeOf(id);
    return made;
  }

  has(method: string): boolean {
    return typeof (this.store as unknown as Record<string, unknown>)[method] === 'function';
  }

  /**
   * Makes one call. Resolves to what its callback was given, or to `undefined` if that was an error or did not come in time;
   * never rejects.
   */
  async call<Result>(
    { client, id, action }: { client: string; id: string | undefined; action: Action },
    method: Method,
    values: (add: (run: { found: Data; made: Data }) => void) => unknown[],
    answered: (result: Result) => Answer,
  ): Promise<{ readonly result: Result } | undefined> {
    const { name, log, clock, sessionName, patience = 30_000 } = this.#options;
    this.#calls += 1;
    const call = `${name}#${this.#calls}`;
    const session = id === undefined ? undefined : sessionName(id);
    const write = (entry: Entry): void => log.add(entry);
    const given = values((run) => write({ entry: 'run', call, ...run }));
    write({ entry: 'call', call, session, store: name, client, action, at: clock.now });
    const answer = await answerOf<Result>(this.store, method, given, patience, () => clock.now);
    const known = answer.result === undefined ? 'unknown' : answered(answer.result.result);
    write({ entry: 'answer', call, answer: known, at: answer.at });
    return answer.result;
  }
}

/** The requests of one client, one after another unless several are made at once. */
export class RecordedClient {
  readonly #recorder: Recorder;
  readonly #name: string;

  constructor(recorder: Recorder, name: string) {
    this.#recorder = recorder;
    this.#name = name;
  }

  /** Loads `req.session`; `undefined`: there is none, or nobody knows. */
  async load(id: string): Promise<HeldSession | undefined> {
    const handle = this.#recorder.newHandle();
    const found = (await this.#get(id, handle))?.result;
    if (!found) return undefined;
    const request = { sessionStore: this.#recorder.store, sessionID: id } as unknown as Request;
    const base = dataOf(found);
    const session = this.#recorder.store.createSession(request, found) as RequestSession;
    return new HeldSession(id, handle, session, { base });
  }

  /** Looks what there is and keeps nothing of it. Resolves to whether there was an answer. */
  async look(id: string): Promise<boolean> {
    return (await this.#get(id)) !== undefined;
  }

  /** Makes `req.session` of a new visitor, which `save` begins. */
  make(id: string, data: Record<string, unknown>): HeldSession {
    const { now: made } = this.#recorder;
    return new HeldSession(id, this.#recorder.newHandle(), this.#recorder.make(id, data), { made });
  }

  /** Saves at the end of a request. Resolves to whether that succeeded. */
  async save(held: HeldSession): Promise<boolean> {
    held.session.touch();
    const saving = held.saving();
    const action: Action = { type: 'save', deadline: this.#deadlineOf(held.session), ...saving.action };
    const saved = await this.#call(held.id, action, 'set', () => [held.id, held.session]);
    saving.ended(saved);
    return saved;
  }

  /** Ends a request that changed nothing. */
  async touch(held: HeldSession): Promise<boolean> {
    held.session.touch();
    const action: Action = { type: 'touch', by: held.handle, deadline: this.#deadlineOf(held.session) };
    return this.#call(held.id, action, 'touch', () => [held.id, held.session]);
  }

  /** Sets a plain object under the id. */
  async replace(id: string, data: Record<string, unknown>): Promise<boolean> {
    const session = newSession(data, this.#recorder.lifetimeOf(id));
    const deadline = { ...this.#deadlineOf(session), exact: true };
    return this.#call(id, { type: 'replace', data: dataOf(session), deadline }, 'set', () => [id, session]);
  }

  /** `change` may change what it is given, or return another. */
  async update(
    id: string,
    change: (session: Record<string, unknown>) => Record<string, unknown> | undefined,
  ): Promise<void> {
    const about = { client: this.#name, id, action: { type: 'update', runs: [] } as Action };
    await this.#recorder.call<SessionData | undefined | null>(
      about,
      'update',
      (add) => [
        id,
        (session: SessionData) => {
          const found = dataOf(session);
          const result = change(session as unknown as Record<string, unknown>);
          add({ found, made: dataOf(result ?? session) });
          return result;
        },
      ],
      (session) => ({ session: session ? dataOf(session) : undefined }),
    );
  }

  async destroy(id: string): Promise<boolean> {
    return this.#call(id, { type: 'destroy' }, 'destroy', () => [id]);
  }

  async clear(): Promise<boolean> {
    return this.#call(undefined, { type: 'destroy' }, 'clear', () => []);
  }

  #get(id: string, as?: string) {
    const about = { client: this.#name, id, action: { type: 'get', as } as Action };
    return this.#recorder.call<SessionData | undefined | null>(
      about,
      'get',
      () => [id],
      (session) => ({ session: session ? dataOf(session) : undefined }),
    );
  }

  async #call(
    id: string | undefined,
    action: Action,
    method: Method,
    values: () => unknown[],
  ): Promise<boolean> {
    const about = { client: this.#name, id, action };
    return (await this.#recorder.call(about, method, values, () => 'done')) !== undefined;
  }

  /** As the cookie has it: it can only put off the end, because no request here changes a lifetime. */
  #deadlineOf({ cookie }: SessionData) {
    const { expires } = cookie;
    const at = expires ? this.#recorder.at(new Date(expires).getTime()) : Number.POSITIVE_INFINITY;
    return { at, exact: false };
  }
}
