import type { Request } from 'express';
import type { Session, SessionData, Store } from 'express-session';
import type { Action, Answer, Data } from '../../model/operation.js';
import type { RequestSession } from '../../suite/direct-request.js';
import { isAbsence } from './answer.js';
import type { HistoryClock } from './clock.js';
import { dataOf } from './data.js';
import { HeldSession } from './held-session.js';
import type { HistoryLog } from './log.js';

export interface RecordedStoreOptions {
  /** Names the store in the history: no other of any process has this name. */
  readonly name: string;
  readonly log: HistoryLog;
  readonly clock: HistoryClock;
  /** Names a session in the history, which does not tell ids; `undefined`: its history is not recorded. */
  readonly sessionName: (id: string) => string | undefined;
}

type Callback = (...answer: unknown[]) => unknown;
type Method = (...values: unknown[]) => unknown;
type Change = (session: SessionData) => SessionData | undefined;

/** What a call does to one session, and what its callback says of that session when it says no error. */
interface Call {
  /** No other call of any process has this name. */
  readonly name: string;
  readonly id: string;
  readonly action: Action;
  readonly answerOf?: ((result: unknown) => Answer) | undefined;
  readonly ended?: ((succeeded: boolean) => void) | undefined;
}

/**
 * Records what an application calls of its store and is answered, and changes nothing of it. A session object is followed from
 * where express-session makes it, so that what a request saves is known to be a change of what it has loaded. To be made
 * after the middleware, which gives a store its `generate`.
 */
export class RecordedStore {
  readonly #store: Store;
  readonly #options: RecordedStoreOptions;
  /** What `get` has answered, until a session object is made of it. */
  readonly #loaded = new WeakMap<object, { readonly handle: string; readonly base: Data }>();
  readonly #held = new WeakMap<object, HeldSession>();
  #calls = 0;
  #handles = 0;

  constructor(store: Store, options: RecordedStoreOptions) {
    this.#store = store;
    this.#options = options;
    this.#followObjects();
    this.#wrap('get', 1, ([id]) => [this.#get(id as string)]);
    this.#wrap('set', 2, ([id, session]) => [this.#set(id as string, session as Session)]);
    this.#wrap('touch', 2, ([id, session]) => [this.#touch(id as string, session as Session)]);
    this.#wrap('update', 2, (values) => [this.#update(values)]);
    this.#wrap('destroy', 1, ([id]) => [this.#call(id as string, { type: 'destroy' })]);
    this.#wrap('destroyMany', 1, ([ids]) =>
      (ids as string[]).map((id) => this.#call(id, { type: 'destroy' })),
    );
  }

  #followObjects(): void {
    const { createSession, generate } = this.#store as Store & Express.SessionStore;
    Object.assign(this.#store, {
      createSession: (request: Request, found: SessionData): Session => {
        const session = createSession.call(this.#store, request, found) as unknown as RequestSession;
        const loaded = this.#loaded.get(found);
        if (loaded !== undefined) {
          const { handle, base } = loaded;
          this.#held.set(session, new HeldSession(session.id, handle, session, { base }));
        }
        return session as unknown as Session;
      },
      generate: (request: Request): void => {
        generate.call(this.#store, request);
        const session = request.session as unknown as RequestSession;
        const made = this.#options.clock.now;
        this.#held.set(session, new HeldSession(session.id, this.#newHandle(), session, { made }));
      },
    });
  }

  /** `place`: of the callback among the parameters. */
  #wrap(name: string, place: number, told: (values: unknown[]) => Call[]): void {
    const members = this.#store as unknown as Record<string, Method | undefined>;
    const method = members[name];
    if (method === undefined) return;
    members[name] = (...values) => {
      const calls = told(values).filter((call) => this.#begins(call));
      const callback = values[place] as Callback | undefined;
      // Nobody is told how it ended.
      if (typeof callback !== 'function') return method.apply(this.#store, values);
      const recorded: Callback = (...answer) => {
        const [error, result] = answer;
        const isKnown = !error || (name === 'get' && isAbsence(error));
        for (const call of calls) this.#ends(call, isKnown, error ? undefined : result);
        return callback(...answer);
      };
      return method.apply(this.#store, [...values.slice(0, place), recorded, ...values.slice(place + 1)]);
    };
  }

  /** Whether this call is recorded. */
  #begins({ name: call, id, action }: Call): boolean {
    const { name, log, clock, sessionName } = this.#options;
    const session = sessionName(id);
    if (session === undefined) return false;
    log.add({ entry: 'call', call, session, store: name, client: name, action, at: clock.now });
    return true;
  }

  #ends({ name: call, answerOf, ended }: Call, isKnown: boolean, result: unknown): void {
    const { log, clock } = this.#options;
    ended?.(isKnown);
    const answer = isKnown ? (answerOf?.(result) ?? 'done') : 'unknown';
    log.add({ entry: 'answer', call, answer, at: clock.now });
  }

  #call(id: string, action: Action, more: Pick<Call, 'answerOf' | 'ended'> = {}): Call {
    this.#calls += 1;
    return { name: `${this.#options.name}#${this.#calls}`, id, action, ...more };
  }

  #get(id: string): Call {
    const handle = this.#newHandle();
    const answerOf = (found: unknown): Answer => {
      if (!found) return { session: undefined };
      const base = dataOf(found);
      this.#loaded.set(found, { handle, base });
      return { session: base };
    };
    return this.#call(id, { type: 'get', as: handle }, { answerOf });
  }

  #set(id: string, session: Session): Call {
    const deadline = this.#deadlineOf(session);
    const held = this.#held.get(session);
    if (held === undefined) {
      const data = dataOf(session);
      return this.#call(id, { type: 'replace', data, deadline: { ...deadline, exact: true } });
    }
    const { action, ended } = held.saving();
    return this.#call(id, { type: 'save', deadline, ...action }, { ended });
  }

  #touch(id: string, session: Session): Call {
    // Whoever has loaded nothing holds nothing.
    const by = this.#held.get(session)?.handle ?? this.#newHandle();
    return this.#call(id, { type: 'touch', by, deadline: this.#deadlineOf(session) });
  }

  /** Puts a function that records its runs in the place of the one that is given. */
  #update(values: unknown[]): Call {
    const [id, change] = values as [string, Change];
    const answerOf = (result: unknown): Answer => ({ session: result ? dataOf(result) : undefined });
    const call = this.#call(id, { type: 'update', runs: [] }, { answerOf });
    values[1] = (session: SessionData): SessionData | undefined => {
      const found = dataOf(session);
      const result = change(session);
      this.#options.log.add({ entry: 'run', call: call.name, found, made: dataOf(result ?? session) });
      return result;
    };
    return call;
  }

  #deadlineOf({ cookie }: Session) {
    const { expires } = cookie;
    const at = expires ? this.#options.clock.at(new Date(expires).getTime()) : Number.POSITIVE_INFINITY;
    return { at, exact: false };
  }

  #newHandle(): string {
    this.#handles += 1;
    return `${this.#options.name}/${this.#handles}`;
  }
}
