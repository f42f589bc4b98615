import type { History } from '../../model/operation.js';
import { type JudgeOptions, judge, type Verdict, type Violation } from '../judge.js';
import type { Round, Stage } from './stage.js';

/** What clients of a store called and were answered, and what the judge says of it. */
export class LiveReport {
  readonly seed: number;
  readonly processes: number;
  readonly stores: number;
  readonly clients: number;
  rounds = 0;
  sessions = 0;
  operations = 0;
  /** Of the operations. */
  unanswered = 0;
  networkFaults = 0;
  /** How many steps the judge took for one session at the most. */
  mostSteps = 0;
  /** Ms that it took for all of them. */
  judging = 0;
  /** The sessions of which it could not decide, by their names in the histories. */
  readonly undecided: string[] = [];
  readonly violations: { readonly violation: Violation; readonly history: History }[] = [];

  constructor(seed: number, { processes, stores, clients }: Stage) {
    this.seed = seed;
    this.processes = processes;
    this.stores = stores;
    this.clients = clients;
  }

  get verdict(): Verdict {
    if (this.violations.length > 0) return 'wrong';
    return this.undecided.length > 0 || this.sessions === 0 ? 'undecided' : 'right';
  }

  add({ history, networkFaults }: Round, options: JudgeOptions): void {
    const startedAt = performance.now();
    const { sessions, violations } = judge(history, options);
    this.judging += performance.now() - startedAt;
    this.rounds += 1;
    this.sessions += sessions.length;
    this.operations += history.length;
    this.unanswered += history.filter(({ answer }) => answer === 'unknown').length;
    this.networkFaults += networkFaults;
    for (const { session, verdict, steps } of sessions) {
      this.mostSteps = Math.max(this.mostSteps, steps);
      if (verdict === 'undecided') this.undecided.push(session);
    }
    for (const violation of violations) this.violations.push({ violation, history });
  }
}
