import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Subject, subjectFrom } from '../suite/subject.js';
import { Child } from './child-process.js';
import type { Gauge, Load, Measurement } from './contestant.js';
import type { Answer, Order } from './messages.js';

/** Ms that one stretch of a load may take with its preparation, on a slow store and a busy machine. */
const limit = 120_000;

/** The store of a contestant, in a process and on surroundings of its own. */
export class ContestantProcess implements Gauge {
  readonly #child: Child<Order, Exclude<Answer, { failure: string }>>;
  readonly #directory: string;

  private constructor(child: Child<Order, Exclude<Answer, { failure: string }>>, directory: string) {
    this.#child = child;
    this.#directory = directory;
  }

  /** `module`: the URL of a module whose default export is a subject. */
  static async start(module: string): Promise<ContestantProcess> {
    const subject: Subject = subjectFrom(((await import(module)) as { default?: unknown }).default);
    const namespace = `bench_${randomBytes(8).toString('hex')}`;
    const directory = await mkdtemp(join(tmpdir(), `${namespace}-`));
    const contestant = new ContestantProcess(
      new Child(new URL('./contestant-child.js', import.meta.url), limit),
      directory,
    );
    try {
      const surroundings = { namespace, directory, address: subject.supports?.network };
      await contestant.#child.ask({ order: 'open', module, surroundings });
      return contestant;
    } catch (error) {
      await contestant.stop();
      throw error;
    }
  }

  async measure(load: Load): Promise<Measurement | undefined> {
    return (await this.#child.ask({ order: 'measure', load })).measurement;
  }

  /** Serves the application of `application.ts` and resolves to its port. */
  async serve(): Promise<number> {
    return (await this.#child.ask({ order: 'serve' })).port ?? 0;
  }

  /** Microseconds of processor time so far. */
  async cpu(): Promise<number> {
    return (await this.#child.ask({ order: 'cpu' })).cpu ?? Number.NaN;
  }

  /** Closes the store as far as it can be closed, and ends the process. */
  async stop(): Promise<void> {
    await this.#child.ask({ order: 'close' }).catch(() => {});
    this.#child.stop();
    await rm(this.#directory, { recursive: true, force: true });
  }
}
