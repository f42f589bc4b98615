import type { Surroundings } from '../suite/subject.js';
import type { Load, Measurement } from './contestant.js';

/** What the process of a contestant is told, one thing at a time. */
export type Order =
  | { readonly order: 'open'; readonly module: string; readonly surroundings: Surroundings }
  | { readonly order: 'measure'; readonly load: Load }
  /** Serve an Express application on a free port. */
  | { readonly order: 'serve' }
  /** How much processor time it has used by now, in microseconds. */
  | { readonly order: 'cpu' }
  | { readonly order: 'close' };

export type Answer =
  | { readonly failure: string }
  | { readonly measurement?: Measurement; readonly port?: number; readonly cpu?: number };
