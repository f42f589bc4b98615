import { type Awaitable, after, repeated, rescued } from './awaitable.js';
import type { SessionRecord, WriteAnswer } from './backend.js';
import type { BackendCalls } from './calls.js';
import type { Answered } from './dealing.js';
import { recordName, SessionStoreError } from './errors.js';
import { type CookieData, type Deadline, expired } from './lifetime.js';
import type { Lives } from './lives.js';
import type { Operation } from './operation.js';
import type { Settings } from './options.js';
import type { Attempt, Origin } from './provenance.js';
import type { Retried } from './retry.js';
import { adoptedBirth, descendsFrom, freshRevision, isAdopted } from './revision.js';
import { checkSize } from './snapshot.js';

/** What a write is to store, made anew onto whatever is stored. */
export interface Draft {
  readonly data: string;
  readonly deadline: Deadline;
  /** The session as its request has it: the base of its next write. */
  readonly mine: { readonly data: string; readonly cookie: CookieData | undefined };
}

/** What came of one attempt to write. `certain`: nothing of it can have been applied unseen. */
interface Attempted {
  readonly answer: Answered<WriteAnswer>;
  readonly attempt: Attempt;
  readonly birth: string;
  readonly certain: boolean;
  /** Epoch ms. */
  readonly expiresAt: number;
}

/** `ends`: a lifetime was set that is over, so the record is to be removed. `unchanged`: there was nothing to write. */
export type Outcome = 'written' | 'gone' | 'ends' | 'unchanged';

/**
 * The one loop that every write goes through: attempt, and on a conflict judge, compose anew, attempt again.
 *
 * A write expects what its session came from: a loaded session may only update the very revision it knows, and a new one
 * may only be inserted. An update of a record that is gone answers `gone`, and the write is dropped: that is why a
 * logout is final. An insert whose birth has a grave answers `gone` too.
 *
 * On a conflict, asked in this order (`judge`):
 *
 * | asked                                                            | then                                          |
 * | ---------------------------------------------------------------- | --------------------------------------------- |
 * | Is one of my attempts current, or an ancestor of it?             | It was applied. Of this write: written. Of an |
 * |                                                                  | earlier one: that is my base now; attempt     |
 * |                                                                  | again. But under another birth: gone.         |
 * | Is it another birth, and mine was stored before?                 | Gone: that is another person's session.       |
 * | Is what I expected among the ancestors of what is current?       | My attempts never can be applied: compose     |
 * |                                                                  | onto what is current, attempt again.          |
 * | Is the outcome of an attempt of mine unknown?                    | `AMBIGUOUS`: nobody can tell any more.        |
 * | Otherwise                                                        | Compose onto what is current, attempt again.  |
 *
 * A new session that meets a live record of another birth replaces it, by the same loop, and never merges with it. One that
 * was not answered, and may have ended since without a trace (`buried`), is `AMBIGUOUS` too.
 */
export class Commits {
  readonly #calls: BackendCalls;
  readonly #lives: Lives;
  readonly #maxBytes: number;
  readonly #retried: Retried;
  readonly #onConflict: (id: string) => void;

  constructor(
    calls: BackendCalls,
    lives: Lives,
    settings: Settings,
    retried: Retried,
    onConflict: (id: string) => void,
  ) {
    this.#calls = calls;
    this.#lives = lives;
    this.#maxBytes = settings.atRest.maxBytes;
    this.#retried = retried;
    this.#onConflict = onConflict;
  }

  /**
   * Writes what `compose` makes of what is stored; `undefined`: nothing. Rejects with `EXPIRED`, `TOO_LARGE`, `AMBIGUOUS`, or
   * as `compose` and the calls do.
   */
  write(
    operation: Operation,
    origin: Origin,
    compose: () => Awaitable<Draft | undefined>,
  ): Awaitable<Outcome> {
    return repeated(() => after(compose(), (draft) => this.#write(operation, origin, draft)));
  }

  /** `undefined`: what is known of the record has changed, so another draft is to be made. */
  #write(operation: Operation, origin: Origin, draft: Draft | undefined): Awaitable<Outcome | undefined> {
    if (draft === undefined) {
      return 'unchanged';
    }
    if (draft.deadline === 'ends') {
      return 'ends';
    }
    checkSize(origin.id, draft.data, this.#maxBytes);
    return after(this.#attempt(operation, origin, draft, draft.deadline), (attempted) =>
      this.#conclude(origin, draft, attempted),
    );
  }

  #conclude(origin: Origin, draft: Draft, attempted: Attempted): Outcome | undefined {
    const { answer, attempt, birth, certain, expiresAt } = attempted;
    if (answer.status === 'written') {
      this.#adopt(origin, draft.mine, { birth, data: draft.data, revision: attempt.revision, expiresAt });
      return 'written';
    }
    if (answer.status === 'gone') {
      if (origin.base === undefined && origin.revision !== '') {
        // The session that this new one was to replace has ended meanwhile.
        origin.revision = '';
        if (certain) {
          origin.attempts.pop();
        }
        return undefined;
      }
      if (
        origin.base !== undefined &&
        origin.expiresAt <= Date.now() &&
        !this.#lives.diedSince(origin.id, origin.since)
      ) {
        throw expired();
      }
      return 'gone';
    }
    if (answer.status === 'buried') {
      throw ambiguous(origin.id);
    }
    const { current, unsure = false } = answer;
    const verdict = judge(current, origin, attempt, certain && !unsure);
    switch (verdict) {
      case 'gone':
        return 'gone';
      case 'applied':
        this.#adopt(origin, draft.mine, current);
        return 'written';
      case 'unknown':
        throw ambiguous(origin.id);
      case 'replace':
        origin.revision = current.revision;
        origin.attempts = [];
        break;
      case 'compose':
        this.#onConflict(origin.id);
        this.#adopt(origin, undefined, current);
        break;
      default:
        this.#adopt(origin, verdict, current);
    }
    return undefined;
  }

  #attempt(
    operation: Operation,
    origin: Origin,
    draft: Draft,
    deadline: Exclude<Deadline, 'ends'>,
  ): Awaitable<Attempted> {
    const known = origin.revision === '' ? undefined : origin.revision;
    const revision = freshRevision(known);
    const { id } = origin;
    const birth = origin.birth ?? adoptedBirth();
    const attempt: Attempt = { revision, ...draft.mine };
    // Told before it is sent: a destroy must be able to name this birth even if no reply ever comes.
    this.#lives.saw(id, birth);
    origin.attempts.push(attempt);
    let { expiresAt } = origin;
    let parcel: { readonly sent: boolean } | undefined;
    let isLost = false;
    const lose = (): void => {
      if (parcel?.sent) {
        isLost = true;
        this.#lives.lost(id, birth);
      }
    };
    const answered = rescued(
      () =>
        this.#retried(operation, () => {
          // That there is another attempt means that the one before has failed.
          lose();
          const expiry = deadline.expiry();
          expiresAt = Date.now() + expiry.in;
          if (!expiry.exact) {
            expiresAt = Math.max(expiresAt, origin.expiresAt);
          }
          const write = { id, data: draft.data, birth, revision, expiry };
          const sending = this.#calls.write(
            known !== undefined
              ? { ...write, expect: { revision: known } }
              : { ...write, expect: 'absent', unanswered: isLost || origin.attempts.length > 1 },
            operation,
          );
          parcel = sending;
          return sending.answer;
        }),
      (error) => {
        lose();
        if (!isLost) {
          origin.attempts.pop();
        }
        throw error;
      },
    );
    return after(answered, (answer) => ({ answer, attempt, birth, certain: !isLost, expiresAt }));
  }

  #adopt(origin: Origin, base: Origin['base'], stored: Omit<SessionRecord, 'id'>): void {
    origin.base = base ?? origin.base;
    origin.birth = stored.birth ?? origin.birth;
    origin.stored = stored.data;
    origin.revision = stored.revision;
    origin.expiresAt = stored.expiresAt;
    origin.attempts = [];
    this.#lives.saw(origin.id, origin.birth);
  }
}

function ambiguous(id: string): SessionStoreError {
  return new SessionStoreError(
    'AMBIGUOUS',
    `A change of session record ${recordName(id)} may or may not have been saved: its reply was lost and others have written since. Read the session before trying again`,
  );
}

/** An `Attempt`: that one, of an earlier write, was applied. */
type Verdict = 'applied' | 'gone' | 'replace' | 'compose' | 'unknown' | Attempt;

function judge(current: SessionRecord, origin: Origin, attempt: Attempt, certain: boolean): Verdict {
  const isNew = origin.base === undefined;
  const expectedIsAncestor = origin.revision !== '' && descendsFrom(current.revision, origin.revision);
  const applied = origin.attempts.findLast(({ revision }) => descendsFrom(current.revision, revision));
  // A foreign store's save loses the birth, and an upgrade of a foreign record gives it one.
  const sameLife =
    current.birth === origin.birth ||
    (!isNew && current.birth === undefined) ||
    (origin.birth === undefined && (applied !== undefined || expectedIsAncestor || isAdopted(current.birth)));
  if (applied !== undefined) {
    return sameLife ? (applied === attempt ? 'applied' : applied) : 'gone';
  }
  if (!sameLife && !isNew) {
    return 'gone';
  }
  const allKnown = certain && origin.attempts.length === 1;
  if (!expectedIsAncestor && !allKnown) {
    return 'unknown';
  }
  return sameLife ? 'compose' : 'replace';
}
