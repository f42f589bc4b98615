import type { Surroundings } from '../suite/subject.js';

/** What a process of the application is told first. */
export interface Opening {
  /** The URL of the module that exports the subject. */
  readonly module: string;
  readonly surroundings: Surroundings;
  readonly history: HistoryPart;
}

/** What a process records of the history of a run. */
export interface HistoryPart {
  /** Names the process. */
  readonly name: string;
  /** The file where it is written. */
  readonly path: string;
  /** Of the clock that all processes share. */
  readonly clockOrigin: string;
  /** Of all sessions, those whose history is recorded. */
  readonly share: number;
}

export type ToProcess =
  | { readonly tell: 'open'; readonly opening: Opening }
  /** Answers `told`. */
  | { readonly tell: 'events'; readonly record: string }
  /** Lets requests end, closes the store, and answers `closed`. */
  | { readonly tell: 'close' };

export type FromProcess =
  | { readonly is: 'listening'; readonly port: number }
  | { readonly is: 'failed'; readonly reason: string }
  /** A rejection that nobody handles; the process goes on. */
  | { readonly is: 'unhandled'; readonly reason: string }
  /** An exception that nobody catches; the process ends. */
  | { readonly is: 'dying'; readonly reason: string }
  | { readonly is: 'told'; readonly record: string; readonly events: readonly ToldEvent[] }
  | { readonly is: 'closed'; readonly remains: Remains };

/** What a store told of a session. */
export interface ToldEvent {
  /** Epoch ms. */
  readonly at: number;
  readonly text: string;
}

/** What the calls of a store came to, and what is left of a process whose store has been closed. */
export interface Remains {
  /** Calls of the store's methods with a callback. */
  readonly calls: number;
  /** Callbacks that were called more than once. */
  readonly calledTwice: readonly string[];
  /** Callbacks that were called before the method had returned. */
  readonly calledEarly: readonly string[];
  /** Callbacks that were never called. */
  readonly neverCalled: readonly string[];
  /** The longest that a callback took, in ms. */
  readonly slowestCall: number;
  /** Why the store could not be closed, and destroys that it did not finish. */
  readonly unclosed: readonly string[];
  /** Timers that still run, by the line that set them. */
  readonly timers: readonly string[];
  /** What else keeps the process alive: sockets and such. */
  readonly resources: readonly string[];
  /** Sessions of requests that have ended, and which something still holds, of those that were looked at. */
  readonly heldSessions: number;
  /** By how many bytes the memory in use is more than before the first request. */
  readonly memoryGrowth: number;
}
