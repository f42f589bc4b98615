import type { Play, StationOptions } from '../../histories/live/play.js';
import type { Surroundings } from '../subject.js';

/** What a child process is told first. */
export interface Opening {
  /** The URL of the module that exports the subject. */
  readonly module: string;
  readonly surroundings: Surroundings;
}

/** What a child process can be told to do with its store, one thing at a time. */
export type Order =
  /** Loads these sessions as so many requests would, and keeps them. */
  | { readonly order: 'load'; readonly ids: readonly string[] }
  /** Sets a key in every session that it keeps and saves all of them at once. */
  | { readonly order: 'save'; readonly key: string; readonly value: unknown }
  /** Destroys these sessions at once. */
  | { readonly order: 'destroy'; readonly ids: readonly string[] }
  /** Saves every session that it keeps, destroys these, and saves every session again, all at once. */
  | { readonly order: 'save and destroy'; readonly ids: readonly string[] }
  /** Adds one to `count` of this session, so many times, by `update`. */
  | { readonly order: 'count'; readonly id: string; readonly times: number }
  /** Lets clients play their round, and records it in this file. */
  | { readonly order: 'play'; readonly play: Play; readonly station: StationOptions; readonly log: string };

export type ToChild = { readonly opening: Opening } | Order;

/** `errors` are those of the calls, as text; `failure`: the order could not be carried out at all. */
export interface Report {
  readonly errors: readonly string[];
  readonly failure: string | undefined;
}
