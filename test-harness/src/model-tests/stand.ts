import { setTimeout as wait } from 'node:timers/promises';
import type { FaultMode } from '../faults/fault-proxy.js';
import { MachineClock } from '../histories/recording/clock.js';
import type { HeldSession } from '../histories/recording/held-session.js';
import { joined } from '../histories/recording/join.js';
import { MemoryLog } from '../histories/recording/log.js';
import { type RecordedClient, Recorder } from '../histories/recording/recorder.js';
import type { Operation } from '../model/operation.js';
import type { Trial } from '../suite/trial.js';
import { answerLimit } from '../suite/watched-call.js';

/** The sessions of a script: one lives so long that no script sees its end, the other ends by itself. */
export const sessions = ['long', 'short'] as const;
export type SessionName = (typeof sessions)[number];

/** Ms. */
export const shortLifetime = 60;
/** Ms until a network that is mended is known to work. */
const mendingLimit = 20_000;

/** Several clients of one storage, on which scripts run one after another. */
export class Stand {
  readonly #trial: Trial;
  readonly #recorders: readonly Recorder[];
  readonly #clients: readonly RecordedClient[];
  #log = new MemoryLog();
  #scripts = 0;
  #values = 0;
  #held = new Map<number, HeldSession>();
  #running: Promise<unknown>[] = [];

  private constructor(trial: Trial, recorders: readonly Recorder[]) {
    this.#trial = trial;
    this.#recorders = recorders;
    this.#clients = recorders.flatMap((recorder) => ['a', 'b'].map((name) => recorder.client(name)));
  }

  static async set(trial: Trial): Promise<Stand> {
    const stand: { log?: () => MemoryLog } = {};
    const clock = new MachineClock();
    const recorders: Recorder[] = [];
    for (const name of trial.supports.shared ? ['one', 'two'] : ['one']) {
      const store = await trial.createStore();
      const options = {
        name,
        clock,
        // Which script's it is is decided when it is written.
        log: { add: (entry: Parameters<MemoryLog['add']>[0]) => stand.log?.().add(entry) },
        sessionName: nameOf,
        lifetime: (id: string) => (id.endsWith('.short') ? shortLifetime : 600_000),
        patience: answerLimit(trial.supports),
      };
      recorders.push(new Recorder(store, options));
    }
    const made = new Stand(trial, recorders);
    stand.log = () => made.#log;
    return made;
  }

  /** How many clients there are; they have the numbers from 0. */
  get clients(): number {
    return this.#clients.length;
  }

  has(method: 'update' | 'touch' | 'clear'): boolean {
    return this.#recorders.every((recorder) => recorder.has(method));
  }

  /** Before each script: nobody holds anything, and no session of another script is in the way. */
  begin(): this {
    this.#scripts += 1;
    this.#log = new MemoryLog();
    this.#held = new Map();
    this.#running = [];
    return this;
  }

  client(number: number): RecordedClient {
    return this.#clients[number] as RecordedClient;
  }

  id(session: SessionName): string {
    return `${this.#trial.surroundings.namespace}.${this.#scripts}.${session}`;
  }

  /** The numbers of the clients that have a session object. */
  get holders(): number[] {
    return [...this.#held.keys()].sort((one, other) => one - other);
  }

  nameOf(id: string): string {
    return nameOf(id);
  }

  held(client: number): HeldSession | undefined {
    return this.#held.get(client);
  }

  hold(client: number, held: HeldSession | undefined): void {
    if (held === undefined) this.#held.delete(client);
    else this.#held.set(client, held);
  }

  /** No other is like it. */
  value(): string {
    this.#values += 1;
    return `v${this.#values}`;
  }

  /** Does it, and waits for it unless it is to be under way while the script goes on. */
  async do(work: Promise<unknown>, isAwaited: boolean): Promise<void> {
    this.#running.push(work);
    if (isAwaited) await work;
  }

  /** Lets the network fail for so many ms, while the script goes on. */
  async fail(mode: FaultMode, duration: number): Promise<void> {
    await this.#trial.proxy.setMode(mode);
    this.#running.push(wait(duration).then(() => this.#trial.proxy.setMode('pass')));
  }

  /** Waits for everything, looks at what is left, and tells what was called and answered. */
  async end(): Promise<readonly Operation[]> {
    await Promise.all(this.#running);
    const until = performance.now() + mendingLimit;
    for (const client of this.#clients) {
      for (const session of sessions) {
        while (!(await client.look(this.id(session))) && performance.now() < until) await wait(20);
      }
    }
    const history = joined(this.#log.entries);
    // No script is to find what another has left.
    this.#log = new MemoryLog();
    for (const session of sessions) await this.client(0).destroy(this.id(session));
    return history;
  }
}

function nameOf(id: string): string {
  return id.slice(id.lastIndexOf('.') + 1);
}
