import type { CallContext, SessionBackend } from '@session-stores/core';
import type { Surroundings } from '../suite/subject.js';

export const optionalPrimitives = ['count', 'clear', 'prune'] as const;

export type OptionalPrimitive = (typeof optionalPrimitives)[number];

export const spoiledPrimitives = ['read', 'write', 'touch', 'remove'] as const;

export type SpoiledPrimitive = (typeof spoiledPrimitives)[number];

/** A backend that is held against the contract in `backend.ts` of core. */
export interface BackendSubject {
  readonly name: string;
  /** Makes a backend on the storage of these surroundings, not opened yet. */
  create(surroundings: Surroundings): SessionBackend | Promise<SessionBackend>;
  /** Several backends made with the same surroundings share their records. */
  readonly shared?: boolean | undefined;
  /** The optional primitives that the backend leaves out. It must have all others. */
  readonly without?: readonly OptionalPrimitive[] | undefined;
  /** The backend has `watch`: it tells what others change. */
  readonly watches?: boolean | undefined;
  /** How to make the storage fail for one id only. */
  readonly spoiled?: Spoiled | undefined;
}

export interface Spoiled {
  /** The primitives that answer an error for a spoiled id. */
  readonly primitives: readonly SpoiledPrimitive[];
  /** Does to the storage whatever makes them fail for this id: a key of another type, a trigger that refuses. */
  apply(id: string, surroundings: Surroundings, backend: SessionBackend): Promise<void>;
}

export type BackendNeed = OptionalPrimitive | 'shared' | 'watch' | `spoiled ${SpoiledPrimitive}`;

/** One sentence of the contract, and how to find out whether it is true of a backend. */
export interface BackendCheck {
  /** Stable, `area/what`, for example `write/absent-is-written`. */
  readonly id: string;
  readonly title: string;
  readonly needs?: readonly BackendNeed[] | undefined;
  /** Rejects with a `CheckFailure` that says what was done, what was expected and what came. */
  run(trial: BackendTrial): Promise<void>;
}

/** What one run of one check works with. Everything made through it is closed when the check ends. */
export interface BackendTrial {
  /** A backend of new surroundings, open. */
  readonly backend: SessionBackend;
  /** The context of a call that nobody aborts. */
  readonly context: CallContext;
  readonly subject: BackendSubject;
  /** Another open backend of the same surroundings; needs `shared`. */
  createBackend(): Promise<SessionBackend>;
  /** An open backend of other surroundings, whose records must not mix with those of this trial. */
  createForeignBackend(): Promise<SessionBackend>;
  /** A backend of new surroundings that nobody has opened. */
  createClosedBackend(): Promise<SessionBackend>;
  /** Makes the storage fail for this id; needs `spoiled …`. */
  spoil(id: string): Promise<void>;
}
