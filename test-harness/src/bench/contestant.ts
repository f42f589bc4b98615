/** What is measured, in the order in which a session lives through it. */
export const operations = ['create', 'get', 'touch', 'update', 'destroy'] as const;

/**
 * `create` saves a session that express-session made, `get` reads one, `touch` and `update` are of a session that was loaded
 * as in a request, `destroy` ends one.
 */
export type Operation = (typeof operations)[number];

/** Under what circumstances an operation is measured. */
export interface Condition {
  /** How many calls wait for their answer at any moment. */
  readonly inFlight: number;
  /** Bytes of a session as JSON. */
  readonly size: number;
}

export interface Load extends Condition {
  readonly operation: Operation;
  /** How long to go on, in ms, as far as that can be chosen. */
  readonly milliseconds: number;
}

/** What one stretch of one load gave. */
export interface Measurement {
  readonly perSecond: number;
  /** Ms from a call to its answer: half of the calls took no longer, and 99 of 100. */
  readonly p50: number;
  readonly p99: number;
  /** Microseconds of processor time that the process of the store spent on one operation; `undefined`: unknown. */
  readonly cpu: number | undefined;
}

/**
 * `candidate`: what the benchmark is about. `peer`: another store, which is to be beaten. `driver`: the least that a store on
 * this storage could do, call by call. `limit`: what the storage itself can take.
 */
export type Role = 'candidate' | 'peer' | 'driver' | 'limit';

/** Who takes part. The stores of a group have the same storage, so that their figures can be compared. */
export interface Contestant {
  readonly title: string;
  readonly group: string;
  readonly role: Role;
  /** The URL of a module whose default export is a `Subject`; it runs in a process of its own. Or another way to measure. */
  readonly runs: string | Gauge;
}

/** A program that puts the load on a server by itself. */
export interface Gauge {
  /** `undefined`: it cannot tell. */
  measure(load: Load): Promise<Measurement | undefined>;
}
