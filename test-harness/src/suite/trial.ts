import type { Store } from 'express-session';
import type { FaultProxy } from '../faults/fault-proxy.js';
import type { ApplicationOptions, TestApplication } from './application.js';
import type { Supports, Surroundings } from './subject.js';

/** What one run of one check works with. Everything made through it is closed when the check ends. */
export interface Trial {
  readonly surroundings: Surroundings;
  readonly supports: Supports;
  /** A store of these surroundings; every call makes another one. */
  createStore(): Promise<Store>;
  /** The same, with retries around it: the subject's own where it `supports.retries`, else `RetryingStore`. */
  createRetryingStore(): Promise<Store>;
  /** A store of other surroundings, whose sessions must not mix with those of this trial. */
  createForeignStore(): Promise<Store>;
  /** A real Express application on a free port of 127.0.0.1 whose sessions live in `store` (default: a new one). */
  startApplication(options?: ApplicationOptions): Promise<TestApplication>;
  /** The proxy between the stores of this trial and their server. Throws for a subject without `supports.network`. */
  readonly proxy: FaultProxy;
}
