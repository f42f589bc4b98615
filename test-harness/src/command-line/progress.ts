import type { Writable } from 'node:stream';
import type { Check, CheckResult, Outcome } from '../suite/check.js';
import { isTerminal, type Paint } from './paint.js';

const signs: Record<Outcome, string> = { passed: '✓', failed: '✗', 'not applicable': '–' };

/** Tells what is going on: a line a check, and on a terminal a last line that says which one is running. */
export class Progress {
  readonly #output: Writable;
  readonly #paint: Paint;
  readonly #checks: readonly Check[];
  readonly #isLive: boolean;
  #ended = 0;

  /** `checks`: in the order in which they will run, one at a time. */
  constructor(output: Writable, paint: Paint, checks: readonly Check[]) {
    this.#output = output;
    this.#paint = paint;
    this.#checks = checks;
    this.#isLive = isTerminal(output);
    this.#showRunning();
  }

  ended(result: CheckResult): void {
    this.clear();
    this.#ended += 1;
    const { check, outcome, duration } = result;
    const colour = { passed: this.#paint.green, failed: this.#paint.red, 'not applicable': this.#paint.dim }[
      outcome
    ];
    const time = duration < 500 ? '' : this.#paint.dim(` ${(duration / 1000).toFixed(1)} s`);
    const note = outcome === 'not applicable' ? this.#paint.dim(' (not applicable)') : '';
    this.#output.write(
      `${colour(signs[outcome])} ${check.id} ${this.#paint.dim(check.title)}${note}${time}\n`,
    );
    this.#showRunning();
  }

  /** Takes the live line away. */
  clear(): void {
    if (this.#isLive) this.#output.write('\r\u001b[K');
  }

  #showRunning(): void {
    const next = this.#checks[this.#ended];
    if (!this.#isLive || next === undefined) return;
    const width = (this.#output as { columns?: number }).columns || 80;
    const line = `${this.#ended + 1}/${this.#checks.length} ${next.id} …`;
    this.#output.write(this.#paint.yellow(line.slice(0, width - 1)));
  }
}
