import { type ChildProcess, fork } from 'node:child_process';
import { CheckFailure, NotApplicable } from '../check.js';
import type { Trial } from '../trial.js';
import type { Order, Report, ToChild } from './messages.js';

/** Ms that a child may take for what it is told: it makes a store, or some thousand calls on a busy machine. */
const LIMIT = 60_000;

/** A store of the subject in a process of its own, on the surroundings of a trial. */
export class ChildStore {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  static async start(trial: Trial): Promise<ChildStore> {
    const { processes } = trial.supports;
    if (processes === undefined) throw new NotApplicable('the subject does not declare `supports.processes`');
    const child = new ChildStore(fork(new URL('./child.js', import.meta.url), { stdio: 'inherit' }));
    try {
      await child.#ask({ opening: { module: `${processes}`, surroundings: trial.surroundings } });
      return child;
    } catch (error) {
      child.stop();
      throw error;
    }
  }

  /** Resolves to the errors of the calls, as text, when the order is carried out. */
  async do(order: Order): Promise<readonly string[]> {
    return (await this.#ask(order)).errors;
  }

  stop(): void {
    if (this.#child.connected) this.#child.disconnect();
    this.#child.kill('SIGKILL');
  }

  async #ask(message: ToChild): Promise<Report> {
    const did =
      'order' in message ? `told a child process to ${message.order}` : 'made a store in a child process';
    const answer = Promise.withResolvers<Report>();
    const failed = (came: string) => answer.reject(new CheckFailure(did, 'success', came));
    const answered = (report: unknown) => answer.resolve(report as Report);
    const ended = (code: number | null, signal: string | null) => failed(`it ended with ${code ?? signal}`);
    const timer = setTimeout(() => failed(`no answer within ${LIMIT} ms`), LIMIT);
    this.#child.once('message', answered);
    this.#child.once('exit', ended);
    this.#child.send(message);
    try {
      const report = await answer.promise;
      if (report.failure !== undefined) throw new CheckFailure(did, 'success', report.failure);
      return report;
    } finally {
      clearTimeout(timer);
      this.#child.off('message', answered);
      this.#child.off('exit', ended);
    }
  }
}

/** Runs `work` with so many stores, each in a process of its own, which end when it ends. */
export async function withChildStores(
  trial: Trial,
  count: number,
  work: (children: readonly ChildStore[]) => Promise<void>,
): Promise<void> {
  const starting = await Promise.allSettled(Array.from({ length: count }, () => ChildStore.start(trial)));
  const children = starting.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  try {
    for (const result of starting) if (result.status === 'rejected') throw result.reason;
    await work(children);
  } finally {
    for (const child of children) child.stop();
  }
}
