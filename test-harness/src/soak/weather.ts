import { setTimeout as wait } from 'node:timers/promises';
import { type Clock, moment } from './clock.js';
import type { Random } from './random.js';

/** Something that goes wrong for a while. */
export interface Fault {
  readonly name: string;
  /** Resolves when it is in force, to what ends it. */
  begin(random: Random): Promise<Outage>;
}

export interface Outage {
  /** What it has struck, for a report. */
  readonly where?: string | undefined;
  end(): Promise<void>;
}

/** Faults that come one after the other; those of different lanes come at once. */
export interface Lane {
  readonly faults: readonly Fault[];
  /** Ms between the beginnings of two, at the most. A short run has less, so that it sees them all. */
  readonly interval: number;
}

interface Spell {
  readonly what: string;
  readonly from: number;
  to: number;
}

/** What went wrong when: faults by a plan that comes from the seed. */
export class Weather {
  readonly counts: Record<string, number> = {};
  readonly #clock: Clock;
  readonly #spells: Spell[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves when `over` aborts and every fault has ended. `length`: how many ms it takes until then, at least. */
  async run(lanes: readonly Lane[], length: number, over: AbortSignal, random: Random): Promise<void> {
    const running = lanes.map((lane, index) => this.#run(lane, length, over, random.branch(index)));
    // A lane that fails must not leave the faults of others in force.
    const results = await Promise.allSettled(running);
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  }

  /** The faults between two moments, line by line. */
  between(from: number, to: number): string[] {
    return this.#spells
      .filter((spell) => spell.to >= from && spell.from <= to)
      .map((spell) => `${moment(spell.from)} to ${moment(spell.to)}  ${spell.what}`);
  }

  async #run({ faults, interval }: Lane, length: number, over: AbortSignal, random: Random): Promise<void> {
    if (faults.length === 0) return;
    // Hurried until all have been seen once; then it takes longer only because requests come slowly, or there is time.
    let slot = Math.min(interval, length / (faults.length + 0.5));
    while (!over.aborted) {
      for (const fault of random.shuffled(faults)) {
        const duration = slot * random.between(0.2, 0.6);
        await pause((slot - duration) * random.between(0.5, 1), over);
        if (over.aborted) return;
        await this.#strike(fault, duration, over, random);
      }
      slot = interval;
    }
  }

  async #strike(fault: Fault, duration: number, over: AbortSignal, random: Random): Promise<void> {
    const from = this.#clock.now;
    const outage = await fault.begin(random);
    this.counts[fault.name] = (this.counts[fault.name] ?? 0) + 1;
    const spell = { what: [fault.name, outage.where].filter(Boolean).join(' '), from, to: Infinity };
    this.#spells.push(spell);
    try {
      await pause(duration, over);
    } finally {
      await outage.end();
      spell.to = this.#clock.now;
    }
  }
}

async function pause(milliseconds: number, over: AbortSignal): Promise<void> {
  await wait(milliseconds, undefined, { signal: over }).catch(() => {});
}
