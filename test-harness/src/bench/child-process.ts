import { type ChildProcess, fork } from 'node:child_process';

/** A Node process that does one thing at a time and answers each. */
export class Child<Order extends object, Answer extends object> {
  readonly #child: ChildProcess;
  /** Ms that an answer may take. */
  readonly #limit: number;

  /** `execArgv`: more options of Node. */
  constructor(module: URL, limit: number, execArgv: readonly string[] = []) {
    this.#limit = limit;
    // What a contestant prints is not part of a report; what it complains about is for whoever runs the benchmark.
    this.#child = fork(module, {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      execArgv: ['--expose-gc', ...execArgv],
    });
  }

  /** Rejects with what failed there, when the process ends, and when no answer comes in time. */
  async ask(order: Order): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer | { failure: string }>();
    const ended = (code: number | null, signal: string | null) =>
      reject(new Error(`its process ended with ${code ?? signal}`));
    const timer = setTimeout(
      () => reject(new Error(`it did not answer within ${this.#limit} ms`)),
      this.#limit,
    );
    this.#child.once('message', resolve);
    this.#child.once('exit', ended);
    this.#child.once('error', reject);
    try {
      this.#child.send(order);
      const answer = await promise;
      if ('failure' in answer) throw new Error(answer.failure);
      return answer;
    } finally {
      clearTimeout(timer);
      this.#child.off('message', resolve);
      this.#child.off('exit', ended);
      this.#child.off('error', reject);
    }
  }

  stop(): void {
    if (this.#child.connected) this.#child.disconnect();
    this.#child.kill('SIGKILL');
  }
}
