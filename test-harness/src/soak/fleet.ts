import type { FaultProxy } from '../faults/fault-proxy.js';
import type { Surroundings } from '../suite/subject.js';
import { ApplicationProcess, type Incidents } from './application-handle.js';
import type { Histories } from './histories.js';
import type { Random } from './random.js';

/** A place in the fleet: its process changes when it is killed, its way to the server stays. */
interface Place {
  process: ApplicationProcess;
  /** How many processes it has had. */
  count: number;
  readonly proxy: FaultProxy | undefined;
  /** Resolves when the process that was started last serves, or has failed to. */
  starting: Promise<void>;
  isStarting: boolean;
}

export interface FleetPlan {
  readonly module: string;
  readonly surroundings: Omit<Surroundings, 'address'>;
  /** One for each process, where the store has a network. */
  readonly proxies: readonly FaultProxy[];
  readonly processes: number;
  readonly incidents: Incidents;
  readonly histories: Histories;
}

/** The processes of the application: killed ones are replaced. */
export class Fleet {
  readonly #plan: FleetPlan;
  readonly #places: Place[];
  #closing = false;

  private constructor(plan: FleetPlan) {
    this.#plan = plan;
    this.#places = Array.from({ length: plan.processes }, (_, index) => ({
      process: this.#new(index, 1),
      count: 1,
      proxy: plan.proxies[index],
      starting: Promise.resolve(),
      isStarting: false,
    }));
  }

  /** Resolves when all serve. Rejects if one does not. */
  static async start(plan: FleetPlan): Promise<Fleet> {
    const fleet = new Fleet(plan);
    const starting = await Promise.allSettled(fleet.#places.map((place) => fleet.#open(place)));
    for (const result of starting) {
      if (result.status === 'fulfilled') continue;
      await fleet.kill();
      throw result.reason;
    }
    return fleet;
  }

  get size(): number {
    return this.#places.length;
  }

  get processes(): ApplicationProcess[] {
    return this.#places.map(({ process }) => process);
  }

  get serving(): ApplicationProcess[] {
    return this.processes.filter((process) => process.isServing);
  }

  /** One that serves; waits for one where none does. */
  async any(random: Random, but?: ApplicationProcess): Promise<ApplicationProcess> {
    for (;;) {
      const serving = this.serving;
      const others = serving.filter((process) => process !== but);
      if (others.length > 0) return random.pick(others);
      if (serving.length > 0) return random.pick(serving);
      const starting = this.#places.filter(({ isStarting }) => isStarting);
      if (starting.length === 0) throw new Error('No process of the application is left');
      await Promise.race(starting.map((place) => place.starting));
    }
  }

  /** SIGKILL to the process in this place, and another one in its place. Resolves when that serves. */
  async replace(index: number): Promise<void> {
    const place = this.#places[index] as Place;
    const killed = place.process.kill();
    this.#refill(index);
    await killed;
    await place.starting;
  }

  /** Puts another process in the place of one that has died. */
  refillAfter(process: ApplicationProcess): void {
    const index = this.processes.indexOf(process);
    if (index >= 0 && !this.#closing) this.#refill(index);
  }

  /** Resolves when every place has a process that serves. */
  async complete(): Promise<void> {
    await Promise.all(this.#places.map(({ starting }) => starting));
  }

  /** From now on nothing is replaced. */
  endReplacing(): void {
    this.#closing = true;
  }

  /** Ends all at once. */
  async kill(): Promise<void> {
    this.#closing = true;
    await Promise.all(this.processes.map((process) => process.kill()));
  }

  #refill(index: number): void {
    const place = this.#places[index] as Place;
    const { incidents } = this.#plan;
    place.count += 1;
    const process = this.#new(index, place.count);
    place.process = process;
    place.isStarting = true;
    place.starting = this.#open(place)
      // Killed while it started: the next one is on its way.
      .catch((error: Error) => place.process === process && incidents.died(process, error.message))
      .then(() => {
        if (place.process === process) place.isStarting = false;
      });
  }

  #new(index: number, count: number): ApplicationProcess {
    return new ApplicationProcess(`p${index + 1}.${count}`, this.#plan.incidents);
  }

  #open({ process, proxy }: Place): Promise<void> {
    const { module, surroundings, histories } = this.#plan;
    return process.open({
      module,
      surroundings: { ...surroundings, address: proxy?.address },
      history: histories.partOf(process.name),
    });
  }
}
