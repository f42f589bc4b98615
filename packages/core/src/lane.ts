import type { Awaitable } from './awaitable.js';
import type { Operation } from './operation.js';

interface Waiting {
  readonly shared: boolean;
  readonly start: () => void;
}

interface Lane {
  running: number;
  shared: boolean;
  queue: Waiting[] | undefined;
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

  /** Whether something of this id is under way or waits. */
  isBusy(id: string): boolean {
    return this.#behindAll !== undefined || this.#lanes.has(id);
  }

  /** Runs `work` beside other reads of this id. */
  shared<T>(id: string, operation: Operation, work: () => Awaitable<T>): Awaitable<T> {
    return this.#run(id, true, operation, work);
  }

  /** Runs `work` alone on this id. */
  exclusive<T>(id: string, operation: Operation, work: () => Awaitable<T>): Awaitable<T> {
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

  #run<T>(id: string, shared: boolean, operation: Operation, work: () => Awaitable<T>): Awaitable<T> {
    const lane = this.#behindAll === undefined ? this.#enter(id, shared) : undefined;
    return lane === undefined ? this.#waitAndRun(id, shared, operation, work) : this.#inLane(id, lane, work);
  }

  async #waitAndRun<T>(
    id: string,
    shared: boolean,
    operation: Operation,
    work: () => Awaitable<T>,
  ): Promise<T> {
    while (this.#behindAll !== undefined) {
      await operation.race(this.#afterAll());
    }
    const lane = this.#enter(id, shared) ?? (await this.#waitFor(id, shared, operation));
    return this.#inLane(id, lane, work);
  }

  #inLane<T>(id: string, lane: Lane, work: () => Awaitable<T>): Awaitable<T> {
    let result: Awaitable<T>;
    try {
      result = work();
    } catch (error) {
      this.#leave(id, lane);
      throw error;
    }
    if (result instanceof Promise) {
      return result.then(
        (value) => {
          this.#leave(id, lane);
          return value;
        },
        (error: unknown) => {
          this.#leave(id, lane);
          throw error;
        },
      );
    }
    this.#leave(id, lane);
    return result;
  }

  /** `undefined`: it has to wait for its turn. */
  #enter(id: string, shared: boolean): Lane | undefined {
    const lane = this.#lanes.get(id);
    if (lane === undefined) {
      const fresh = { running: 1, shared, queue: undefined };
      this.#lanes.set(id, fresh);
      return fresh;
    }
    // Whoever is in a lane holds it, so at least one is running.
    if (!shared || !lane.shared || lane.queue !== undefined) {
      return undefined;
    }
    lane.running++;
    return lane;
  }

  #afterAll(): Promise<void> {
    return new Promise((resolve) => {
      this.#behindAll?.push(resolve);
    });
  }

  async #waitFor(id: string, shared: boolean, operation: Operation): Promise<Lane> {
    const lane = this.#lanes.get(id) as Lane;
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
      lane.queue ??= [];
      lane.queue.push(waiting);
    });
    try {
      await operation.race(turn);
      return lane;
    } catch (error) {
      if (started) {
        this.#leave(id, lane);
      } else {
        const left = lane.queue?.filter((one) => one !== waiting);
        lane.queue = left?.length === 0 ? undefined : left;
      }
      throw error;
    }
  }

  #leave(id: string, lane: Lane): void {
    lane.running--;
    if (lane.queue !== undefined) {
      this.#startNext(lane, lane.queue);
    }
    if (lane.running === 0) {
      this.#lanes.delete(id);
      if (this.#lanes.size === 0) {
        this.#onIdle?.();
      }
    }
  }

  /** Whoever is next may start, and with a read all the reads right behind it. */
  #startNext(lane: Lane, queue: Waiting[]): void {
    for (let next = queue[0]; next !== undefined; next = queue[0]) {
      if (lane.running > 0 && !(lane.shared && next.shared)) {
        return;
      }
      queue.shift();
      lane.running++;
      lane.shared = next.shared;
      next.start();
    }
    lane.queue = undefined;
  }
}
