import { recordName } from '@session-stores/core';
import type { ApplicationProcess } from './application-handle.js';
import type { Reply } from './caller.js';
import { type Clock, moment } from './clock.js';
import { Note } from './note.js';
import type { ViolationKind } from './violations.js';

/** `found`: the session was there. `none`: it was not. `unknown`: nobody can tell. */
export type Heard = 'found' | 'none' | 'unknown';

/** A request about a session on its way, and what it has to find. */
export interface Asked {
  readonly what: string;
  readonly process: ApplicationProcess;
  readonly sentAt: number;
  /** The versions that were stored when it was sent. */
  readonly stored: ReadonlyMap<Note, number>;
  readonly counted: number;
}

export interface Identity {
  readonly id: string;
  /** `name=value`. */
  readonly cookie: string;
  readonly user: number;
  readonly login: number;
}

/** What the stories of a run report to. */
export interface Court {
  readonly clock: Clock;
  accuse(kind: ViolationKind, story: Story, what: string): void;
}

interface Entry {
  readonly asked: Asked;
  readonly heardAt: number;
  readonly outcome: string;
}

/**
 * One session from its login to its end: what was asked of it, what was acknowledged, and whether what comes agrees with
 * that. All is judged by the order of the caller's clock: a request that was sent after another one was answered must find
 * what that has left.
 */
export class Story {
  readonly identity: Identity;
  /** Names the session without giving it away. */
  readonly name: string;
  readonly notes: Note[] = [];
  readonly #court: Court;
  readonly #entries: Entry[] = [];
  /** The processes that were asked to end it. One that could not may hide it, and nobody else does. */
  readonly #enders = new Set<ApplicationProcess>();
  #endAskedAt = Number.POSITIVE_INFINITY;
  #endedAt = Number.POSITIVE_INFINITY;
  /** Additions that were acknowledged, and those that were tried. */
  #counted = 0;
  #triedCounts = 0;
  readonly #counts = new Set<number>();

  constructor(identity: Identity, court: Court) {
    this.identity = identity;
    this.name = recordName(identity.id);
    this.#court = court;
  }

  /** Ms on the clock of the run. */
  get beganAt(): number {
    return this.#entries[0]?.asked.sentAt ?? 0;
  }

  /** Whether its end has been acknowledged. */
  get hasEnded(): boolean {
    return this.#endedAt !== Number.POSITIVE_INFINITY;
  }

  newNote(): Note {
    const note = new Note(`k${this.notes.length}`);
    this.notes.push(note);
    return note;
  }

  /** To be called when a request is sent. */
  asking(what: string, process: ApplicationProcess): Asked {
    const stored = new Map(this.notes.map((note) => [note, note.stored]));
    return { what, process, sentAt: this.#court.clock.now, stored, counted: this.#counted };
  }

  /** The same for a request that is to end it. */
  askingForEnd(what: string, process: ApplicationProcess): Asked {
    const asked = this.asking(what, process);
    this.#endAskedAt = Math.min(this.#endAskedAt, asked.sentAt);
    this.#enders.add(process);
    return asked;
  }

  /** The same for a request that adds one to the counter. */
  askingToCount(process: ApplicationProcess): Asked {
    this.#triedCounts += 1;
    return this.asking('count', process);
  }

  /** Judges an answer that says whose session it found. */
  heard(asked: Asked, reply: Reply | undefined): Heard {
    const heard = meaning(reply);
    this.#note(asked, heard === 'none' ? 'no session' : outcomeOf(reply));
    if (heard === 'none') this.#missed(asked);
    // That of somebody else says nothing about this one.
    if (heard === 'found' && !this.#isMine(asked, reply?.body)) return 'unknown';
    if (heard === 'found' && asked.sentAt > this.#endedAt) {
      this.#accuse('aliveAfterLogout', `${asked.process.name} found it for ${asked.what}`);
    }
    return heard;
  }

  /** An operation on it was acknowledged that does not say what it found. */
  noted(asked: Asked, outcome: string): void {
    this.#note(asked, outcome);
  }

  /** Its end was acknowledged: from now on nobody may find it. */
  ended(): void {
    this.#endedAt = Math.min(this.#endedAt, this.#court.clock.now);
  }

  /** A new login took its place; `login` is what the application found there before. */
  replaced(login: number | undefined, process: ApplicationProcess): void {
    if (login === this.identity.login) this.ended();
    else if (this.#enders.size === 1) {
      this.#accuse('lostSessions', `${process.name} did not find it for a new login in its place`);
    }
  }

  /** A version was acknowledged. After somebody has tried to end the session, it may have been dropped. */
  stored(note: Note, version: number): void {
    if (this.#endAskedAt === Number.POSITIVE_INFINITY) note.stored = Math.max(note.stored, version);
  }

  /** An addition was acknowledged, with this result. */
  countedTo(asked: Asked, count: number): void {
    if (this.#counts.has(count)) this.#accuse('miscounted', `two additions were answered with ${count}`);
    this.#counts.add(count);
    if (this.#endAskedAt === Number.POSITIVE_INFINITY) this.#counted += 1;
    this.#checkCount(count, asked.counted + 1);
  }

  /** What a look at the session showed. */
  showed(asked: Asked, notes: Readonly<Record<string, number>>, count: number): void {
    for (const [note, stored] of asked.stored) {
      const value = notes[note.key];
      if (!note.mayBe(value, stored)) {
        const came = value ?? 'nothing';
        this.#accuse('lostWrites', `${note.key} should be ${note.expected(stored)} and is ${came}`);
      } else if (value !== undefined) {
        // What one has seen, the next one has to see as well.
        this.stored(note, value);
      }
    }
    this.#checkCount(count, asked.counted);
  }

  /** Whether it was found where it must not be, by something else than a request for it. */
  foundAfterEnd(where: string): void {
    if (this.hasEnded) this.#accuse('aliveAfterLogout', where);
  }

  /** What was asked and heard, line by line. */
  lines(): string[] {
    const sorted = this.#entries.toSorted((one, other) => one.heardAt - other.heardAt);
    return sorted.map(
      ({ asked, heardAt, outcome }) =>
        `${moment(asked.sentAt)} to ${moment(heardAt)}  ${asked.process.name.padEnd(6)} ${asked.what}: ${outcome}`,
    );
  }

  #isMine(asked: Asked, body: { user?: unknown; login?: unknown }): boolean {
    const { user, login } = this.identity;
    const isMine = body.user === user && body.login === login;
    if (!isMine) {
      this.#accuse('strangers', `${asked.what} was answered for user ${body.user}, login ${body.login}`);
    }
    return isMine;
  }

  #missed({ what, process }: Asked): void {
    if (this.#endAskedAt === Number.POSITIVE_INFINITY) {
      this.#accuse('lostSessions', `${process.name} did not find it for ${what}`);
    } else if (!this.#enders.has(process)) {
      // This one has no reason to hide it: it is gone.
      this.ended();
    }
  }

  #checkCount(count: number, least: number): void {
    if (count < least || count > this.#triedCounts) {
      this.#accuse('miscounted', `it should be ${least} to ${this.#triedCounts} and is ${count}`);
    }
  }

  #note(asked: Asked, outcome: string): void {
    this.#entries.push({ asked, heardAt: this.#court.clock.now, outcome });
  }

  #accuse(kind: ViolationKind, what: string): void {
    this.#court.accuse(kind, this, what);
  }
}

function meaning(reply: Reply | undefined): Heard {
  if (reply === undefined || reply.status >= 500) return 'unknown';
  return reply.status === 401 ? 'none' : 'found';
}

function outcomeOf(reply: Reply | undefined): string {
  if (reply === undefined) return 'no answer: the process is gone';
  const { user: _, login: __, ...rest } = reply.body as Record<string, unknown>;
  return `${reply.status} ${JSON.stringify(rest)}`;
}
