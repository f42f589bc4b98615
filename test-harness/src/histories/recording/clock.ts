/** The time of a history. */
export interface HistoryClock {
  /** Ms since the history began. */
  readonly now: number;
  /** The same for a moment of `Date.now()`. */
  at(epoch: number): number;
}

/**
 * The clock that never goes back and that all processes of a machine share: `process.hrtime` counts from one moment for all of
 * them (`CLOCK_MONOTONIC`, `mach_absolute_time`, `QueryPerformanceCounter`), and is finer than `Date.now()`.
 */
export class MachineClock implements HistoryClock {
  /** When the history began; another process that is told it shares this clock. */
  readonly origin: string;
  readonly #origin: bigint;

  constructor(origin: string = String(process.hrtime.bigint())) {
    this.origin = origin;
    this.#origin = BigInt(origin);
  }

  get now(): number {
    return Number(process.hrtime.bigint() - this.#origin) / 1e6;
  }

  at(epoch: number): number {
    return this.now + epoch - Date.now();
  }
}
