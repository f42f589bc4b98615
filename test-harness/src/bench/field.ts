import type { Contestant, Gauge } from './contestant.js';
import { ContestantProcess } from './contestant-process.js';

/** A contestant that is ready. */
export interface Runner {
  readonly contestant: Contestant;
  readonly gauge: Gauge;
}

/** Those who take part, as long as they can. */
export class Field {
  readonly failures: { title: string; reason: string }[] = [];
  #runners: Runner[] = [];

  /** Starts a process for every contestant that needs one. */
  static async gather(contestants: readonly Contestant[]): Promise<Field> {
    const field = new Field();
    for (const contestant of contestants) {
      const { runs } = contestant;
      try {
        const gauge = typeof runs === 'string' ? await ContestantProcess.start(runs) : runs;
        field.#runners.push({ contestant, gauge });
      } catch (error) {
        field.#note(contestant, error);
      }
    }
    return field;
  }

  /** Those of a group next to each other; who begins changes with the round. */
  inTurn(round: number): Runner[] {
    const groups = Map.groupBy(this.#runners, ({ contestant }) => contestant.group);
    return [...groups.values()].flatMap((members) => {
      const first = round % members.length;
      return [...members.slice(first), ...members.slice(0, first)];
    });
  }

  /** `work`, or `undefined` where it fails: then this one takes part no more. */
  async attempt<T>(runner: Runner, work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      this.#note(runner.contestant, error);
      this.#runners = this.#runners.filter((other) => other !== runner);
      await stop(runner);
      return undefined;
    }
  }

  /** Ends all processes. */
  async disband(): Promise<void> {
    await Promise.all(this.#runners.map(stop));
    this.#runners = [];
  }

  #note({ title }: Contestant, error: unknown): void {
    this.failures.push({ title, reason: error instanceof Error ? error.message : `${error}` });
  }
}

async function stop({ gauge }: Runner): Promise<void> {
  if (gauge instanceof ContestantProcess) await gauge.stop();
}
