import type { Speed } from './speed.ts';
import type { StorageName } from './storages.ts';
import type { SweepFigures } from './sweep.ts';

export interface Task {
  readonly storage: StorageName;
  readonly url: string;
  readonly folder: string;
  /** How many sessions are few, and many. */
  readonly few: number;
  readonly many: number;
  /** Of a session as JSON. */
  readonly bytes: number;
}

/** What a storage with many sessions does beside the same with few. */
export interface Figures {
  readonly storage: StorageName;
  /** Operations a second, medians of rounds that took turns. */
  readonly few: Readonly<Record<Speed, number>>;
  readonly many: Readonly<Record<Speed, number>>;
  readonly bytesPerSession: number;
  /** Of a scan of all: seconds, sessions, and bytes that this process held more than before it. */
  readonly scan: { readonly seconds: number; readonly sessions: number; readonly heldBytes: number };
  /** `undefined`: the server expires by itself. */
  readonly sweep: SweepFigures | undefined;
  /** Destroys a second of so many at once. */
  readonly massDestroy: { readonly count: number; readonly oneByOne: number; readonly many: number };
}
