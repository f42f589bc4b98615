import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { FaultProxy } from '../../faults/fault-proxy.js';
import type { History } from '../../model/operation.js';
import type { Random } from '../../soak/random.js';
import type { ChildStore } from '../../suite/processes/child-store.js';
import type { Trial } from '../../suite/trial.js';
import { answerLimit } from '../../suite/watched-call.js';
import { MachineClock } from '../recording/clock.js';
import { joined } from '../recording/join.js';
import { type HistoryLog, MemoryLog, readLog } from '../recording/log.js';
import { type Play, Station, type StationOptions } from './play.js';
import { weather } from './weather.js';

const sessionsOfRound = 2;
const clientsOfStore = 3;
const requestsOfClient = 5;
/** Ms until the network of a round is known to work again. */
const mendingLimit = 20_000;

export interface Round {
  readonly history: History;
  readonly networkFaults: number;
}

export interface StageSettings {
  /** Where the processes record their parts. */
  readonly folder: string;
  /** Whether the network fails, if there is one. */
  readonly networkFaults: boolean;
}

/** The stores that clients meet on, in this process and in others. */
export class Stage {
  readonly #trial: Trial;
  readonly #here: readonly Station[];
  readonly #there: readonly { readonly child: ChildStore; readonly station: StationOptions }[];
  readonly #folder: string;
  readonly #proxy: FaultProxy | undefined;

  private constructor(
    trial: Trial,
    here: readonly Station[],
    there: readonly { readonly child: ChildStore; readonly station: StationOptions }[],
    { folder, networkFaults }: StageSettings,
  ) {
    this.#trial = trial;
    this.#here = here;
    this.#there = there;
    this.#folder = folder;
    this.#proxy = networkFaults && trial.supports.network !== undefined ? trial.proxy : undefined;
  }

  static async set(trial: Trial, children: readonly ChildStore[], settings: StageSettings): Promise<Stage> {
    const { origin: clockOrigin } = new MachineClock();
    const patience = answerLimit(trial.supports);
    const here: Station[] = [];
    for (const name of trial.supports.shared ? ['p1.1', 'p1.2'] : ['p1']) {
      here.push(new Station(await trial.createStore(), { name, clockOrigin, patience }));
    }
    const there = children.map((child, index) => ({
      child,
      station: { name: `p${index + 2}`, clockOrigin, patience },
    }));
    return new Stage(trial, here, there, settings);
  }

  get processes(): number {
    return 1 + this.#there.length;
  }

  get stores(): number {
    return this.#here.length + this.#there.length;
  }

  get clients(): number {
    return this.stores * clientsOfStore;
  }

  /** One round, on sessions that no other round has. */
  async play(number: number, random: Random): Promise<Round> {
    const { namespace } = this.#trial.surroundings;
    const ids = Array.from({ length: sessionsOfRound }, (_, index) => `${namespace}.s${number}.${index + 1}`);
    const next = (): Play => ({
      ids,
      clients: clientsOfStore,
      requests: requestsOfClient,
      seed: random.below(2 ** 32),
    });
    const log = new MemoryLog();
    const paths = this.#there.map(({ station }) => join(this.#folder, `${number}-${station.name}.jsonl`));
    const plays = [
      ...this.#here.map((station) => station.play(next(), log)),
      ...this.#there.map(({ child, station }, index) =>
        child.do({ order: 'play', play: next(), station, log: paths[index] as string }),
      ),
    ];
    const networkFaults = this.#proxy === undefined ? 0 : await weather(this.#proxy, random);
    await Promise.all(plays);
    for (const station of this.#here) await lookAtLast(station, ids, log);
    const logs = await Promise.all(paths.map(readLog));
    return { history: joined([...log.entries, ...logs.flat()]), networkFaults };
  }
}

/** What is left of a session is the best witness, so it is asked until there is an answer. */
async function lookAtLast(station: Station, ids: readonly string[], log: HistoryLog): Promise<void> {
  const until = performance.now() + mendingLimit;
  while (!(await station.look(ids, log)) && performance.now() < until) await wait(50);
}
