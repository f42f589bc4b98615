import type { Operation } from './operation.js';

interface Waiting {
  readonly shared: boolean;
  readonly start: () => void;
}

interface Lane {
  running: number;
  shared: boolean;
  readonly queue: Waiting[];
}

/**
 * Operations on one id take effect in the order of their calls: reads of it may overlap, everything else waits for what
 * was called before. An operation on all sessions waits for everything before it and holds up everything after it.
 */
export class Lanes {
  readonly #lanes = new Map<string, Lane>();
  /** What has to wait for an operation on all sessions; `undefined` while there is none. */
  #behindAll: (() => void)[] | undefined;
  #onIdle: (() => void) | undefined;

  /** Runs `work` beside other reads of this id. */
  shared<T>(id: string, operation: Operation, work: () => Promise<T>): Promise<T> {
    return this.#run(id, true, operation, work);
  }

  /** Runs `work` alone on this id. */
  exclusive<T>(id: string, operation: Operation, work: () => Promise<T>): Promise<T> {
    return this.#run(id, false, operation, work);
  }

  /** Runs `work` alone. */
  async all<T>(operation: Operation, work: () => Promise<T>): Promise<T> {
    while (this.#behindAll !== undefined) {
      await operation.race(this.#afterAll());
    }
    this.#behindAll = [];
    try {
      if (this.#lanes.size > 0) {
        await operation.race(
          new Promise<void>((resolve) => {
            this.#onIdle = resolve;
          }),
        );
      }
      return await work();
    } finally {
      this.#onIdle = undefined;
      const behind = this.#behindAll;
      this.#behindAll = undefined;
      for (const start of behind) {
        start();
      }
    }
  }

  async #run<T>(id: string, shared: boolean, operation: Operation, work: () => Promise<T>): Promise<T> {
    while (this.#behindAll !== undefined) {
      await operation.race(this.#afterAll());
    }
    const lane = this.#laneOf(id);
    if (lane.running > 0 && !(shared && lane.shared && lane.queue.length === 0)) {
      await this.#waitFor(id, lane, shared, operation);
    } else {
      lane.running++;
      lane.shared = shared;
    }
    try {
      return await work();
    } finally {
      this.#leave(id, lane);
    }
  }

  #afterAll(): Promise<void> {
    return new Promise((resolve) => {
      this.#behindAll?.push(resolve);
    });
  }

  #laneOf(id: string): Lane {
    let lane = this.#lanes.get(id);
    if (lane === undefined) {
      lane = { running: 0, shared: true, queue: [] };
      this.#lanes.set(id, lane);
    }
    return lane;
  }

  async #waitFor(id: string, lane: Lane, shared: boolean, operation: Operation): Promise<void> {
    let started = false;
    let waiting: Waiting | undefined;
    const turn = new Promise<void>((resolve) => {
      waiting = {
        shared,
        start: () => {
          started = true;
          resolve();
        },
      };
      lane.queue.push(waiting);
    });
    try {
      await operation.race(turn);
    } catch (error) {
      if (started) {
        this.#leave(id, lane);
      } else if (waiting !== undefined) {
        lane.queue.splice(lane.queue.indexOf(waiting), 1);
      }
      throw error;
    }
  }

  #leave(id: string, lane: Lane): void {
    lane.running--;
    this.#startNext(lane);
    if (lane.running === 0) {
      this.#lanes.delete(id);
      if (this.#lanes.size === 0) {
        this.#onIdle?.();
      }
    }
  }

  /** Whoever is next may start, and with a read all the reads right behind it. */
  #startNext(lane: Lane): void {
    for (let next = lane.queue[0]; next !== undefined; next = lane.queue[0]) {
      if (lane.running > 0 && !(lane.shared && next.shared)) {
        return;
      }
      lane.queue.shift();
      lane.running++;
      lane.shared = next.shared;
      next.start();
    }
  }
}
