import { untilAborted } from '@session-stores/core';
import type { Driver, DriverSource } from './driver.js';
import { driverFailure, RedisFailure } from './redis-failure.js';
import { endSilentNodes } from './silent-nodes.js';

// A connection that is not ready by then, authentication and loading included, is given up for a new one. Less than the
// operation time of a plain store (5 s), so that a server that accepts and never answers costs one attempt of it.
const connectLimit = 4_000;
const longestPause = 1_000;

/** One driver from its opening to its end. It never reconnects; a new one takes its place. */
interface Life {
  readonly driver: Driver;
  readonly ready: Promise<void>;
  users: number;
  /** On a Cluster, while it is looked for them. */
  silentNodes?: Promise<void> | undefined;
  state: 'opening' | 'ready' | 'retired';
}

/**
 * The connection that the backend works on, its own and not the application's: giving it up hurts nobody else, and
 * nothing on it waits in a queue or is sent twice.
 */
export class Connection {
  readonly #source: DriverSource;
  #life: Life | undefined;
  #failures = 0;
  #lastFailure: RedisFailure | undefined;
  #closed = false;
  #onError: (error: RedisFailure) => void = () => {};

  constructor(source: DriverSource) {
    this.#source = source;
  }

  /** The one that calls go to now, if there is one. */
  get driver(): Driver | undefined {
    return this.#life?.driver;
  }

  /** Told of a failure while no call was on the way. */
  onIdleError(listener: (error: RedisFailure) => void): void {
    this.#onError = listener;
  }

  /**
   * Runs `work` on a ready driver and waits for one until `signal` aborts. When it aborts during `work`, new calls go to
   * a new connection at once; this one is closed when no other call waits for an answer on it. On a Cluster only the
   * nodes that are silent are given up: the others go on.
   *
   * @throws RedisFailure
   */
  async use<Result>(signal: AbortSignal, work: (driver: Driver) => Promise<Result>): Promise<Result> {
    for (;;) {
      const life = await this.#ready(signal);
      life.users += 1;
      try {
        return await untilAborted(
          work(life.driver),
          signal,
          () => new RedisFailure('TIMEOUT', 'no answer in time'),
        );
      } catch (error) {
        const failure = driverFailure(error, this.#source.isCluster);
        if (this.#source.isCluster) {
          if (failure.kind === 'TIMEOUT') life.silentNodes ??= this.#endSilentNodes(life);
          throw failure;
        }
        // After a failover the old primary is a replica: a new connection finds the new one.
        if (['TIMEOUT', 'UNSENT', 'READONLY', 'CONNECTION'].includes(failure.kind)) this.#retire(life);
        if (failure.kind !== 'UNSENT') throw failure;
      } finally {
        life.users -= 1;
        if (life.state === 'retired' && life.users === 0) life.driver.hangUp();
      }
    }
  }

  /** New calls go to a new connection, which finds out anew who serves what. */
  renew(driver: Driver): void {
    const life = this.#life;
    if (life?.driver !== driver) return;
    this.#retire(life);
    if (life.users === 0) driver.hangUp();
  }

  /** Closes what this opened. Calls on the way fail. */
  close(): void {
    this.#closed = true;
    const life = this.#life;
    if (life === undefined) return;
    this.#retire(life);
    life.driver.hangUp();
  }

  async #ready(signal: AbortSignal): Promise<Life> {
    for (;;) {
      if (this.#life === undefined) await this.#source.load?.();
      if (this.#closed) throw new RedisFailure('CONNECTION', 'the store is closed', false);
      this.#life ??= this.#open();
      const life = this.#life;
      try {
        await untilAborted(life.ready, signal, () => this.#noConnection());
        if (life.state === 'ready') return life;
      } catch (error) {
        const failure = driverFailure(error, this.#source.isCluster);
        if (signal.aborted || !failure.transient) throw failure;
      }
    }
  }

  #noConnection(): RedisFailure {
    const because = this.#lastFailure === undefined ? '' : ` (${this.#lastFailure.message})`;
    return new RedisFailure('CONNECTION', `no connection to Redis in time${because}`);
  }

  #open(): Life {
    const driver = this.#source.open();
    let reason: unknown;
    let nodeReason: RedisFailure | undefined;
    const life: Life = {
      driver,
      ready: this.#connect(driver, () => nodeReason ?? reason),
      users: 0,
      state: 'opening',
    };
    driver.on('error', (error) => {
      reason = error;
      if (life.state === 'ready' && life.users === 0)
        this.#onError(driverFailure(error, this.#source.isCluster));
    });
    // A Cluster tells of the nodes one by one, and at the end only that none could be reached. Of a wrong password and a
    // node that is down, the password is the reason.
    driver.on('node error', (error) => {
      const failure = driverFailure(error, true);
      if (nodeReason === undefined || nodeReason.transient) nodeReason = failure;
    });
    driver.on('end', () => this.#retire(life));
    life.ready.then(
      () => {
        this.#failures = 0;
        this.#lastFailure = undefined;
        if (life.state === 'opening') life.state = 'ready';
      },
      (error) => {
        this.#failures += 1;
        this.#lastFailure = driverFailure(error, this.#source.isCluster);
        this.#retire(life);
        driver.hangUp();
      },
    );
    return life;
  }

  async #connect(driver: Driver, reason: () => unknown): Promise<void> {
    const pause = this.#failures === 0 ? 0 : Math.min(25 * 2 ** this.#failures, longestPause);
    await new Promise((resolve) => setTimeout(resolve, pause * (0.5 + Math.random() / 2)));
    if (this.#closed) throw new RedisFailure('CONNECTION', 'the store is closed', false);
    const limit = AbortSignal.timeout(connectLimit);
    try {
      await untilAborted(
        driver.connect(),
        limit,
        () => new RedisFailure('CONNECTION', 'the server does not answer'),
      );
    } catch (error) {
      // What `connect` rejects with says only that the connection closed; the event before it said why.
      throw error instanceof RedisFailure ? error : driverFailure(reason() ?? error, this.#source.isCluster);
    }
  }

  async #endSilentNodes(life: Life): Promise<void> {
    await endSilentNodes(life.driver);
    life.silentNodes = undefined;
  }

  #retire(life: Life): void {
    life.state = 'retired';
    if (this.#life === life) this.#life = undefined;
  }
}
