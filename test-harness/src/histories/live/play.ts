import type { Store } from 'express-session';
import { Random } from '../../soak/random.js';
import { MachineClock } from '../recording/clock.js';
import type { Entry, HistoryLog } from '../recording/log.js';
import { Recorder } from '../recording/recorder.js';
import { Visitor } from './visitor.js';

/** What the clients of one store are to do in one round. */
export interface Play {
  /** The ids of its sessions, which no round before had. */
  readonly ids: readonly string[];
  readonly clients: number;
  /** Of each client. */
  readonly requests: number;
  readonly seed: number;
}

export interface StationOptions {
  /** Names the store in the histories. */
  readonly name: string;
  /** The `origin` of the clock of all stations. */
  readonly clockOrigin: string;
  /** Ms after which an answer is not waited for any more. */
  readonly patience: number;
}

/** One store, whose clients do in each round what the seed of the round says, all at once. */
export class Station {
  readonly #recorder: Recorder;
  #log: HistoryLog = { add: () => {} };

  constructor(store: Store, { name, clockOrigin, patience }: StationOptions) {
    // One recorder for all rounds: each adds listeners to the store.
    const log = { add: (entry: Entry) => this.#log.add(entry) };
    const clock = new MachineClock(clockOrigin);
    this.#recorder = new Recorder(store, { name, log, clock, patience, sessionName });
  }

  /** Resolves when all clients have done what they had to. */
  async play({ ids, clients, requests, seed }: Play, log: HistoryLog): Promise<void> {
    this.#log = log;
    const random = new Random(seed);
    const visitors = Array.from(
      { length: clients },
      (_, index) => new Visitor(this.#recorder, `c${index + 1}`, ids, random.branch(index)),
    );
    await Promise.all(visitors.map((visitor) => visitor.visit(requests)));
  }

  /** Looks at all of the sessions. Resolves to whether there were answers. */
  async look(ids: readonly string[], log: HistoryLog): Promise<boolean> {
    this.#log = log;
    const client = this.#recorder.client('end');
    const answers = await Promise.all(ids.map((id) => client.look(id)));
    return answers.every(Boolean);
  }
}

/** `s3.1` of `suite_….s3.1`: histories do not tell ids. */
export function sessionName(id: string): string {
  return id.slice(id.indexOf('.') + 1);
}
