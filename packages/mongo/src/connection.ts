import { untilAborted } from '@session-stores/core';
import type { Changes, ClientSource, MongoDatabase, OpenClient, WatchableDatabase } from './mongo-client.js';
import { driverFailure, MongoFailure, wasUnsent } from './mongo-failure.js';

// Ms until a command is tried again for which there was no connection. The driver itself waits for a server, so this
// only keeps a server that comes and goes from being asked in a tight loop.
const pause = 20;
/** Ms. To say goodbye, the driver would wait on a silent connection for ever. */
const closeLimit = 1_000;
/**
 * After a silent connection of the application's client: so many pings at once, each of which takes another idle one, are
 * given so many ms, until all are answered or so many times.
 */
const proofWidth = 8;
const proofLimit = 250;
const proofRounds = 4;

/** A client from its opening to its end. One of ours that falls silent is given up for a new one. */
interface Life {
  readonly client: Promise<OpenClient>;
  ready: Promise<OpenClient> | undefined;
  users: number;
  retired: boolean;
  /** Pending while its connections are looked through. */
  proof: Promise<void> | undefined;
}

/** The way to the server: the application's client, or one of our own. */
export class Connection {
  readonly #source: ClientSource;
  readonly #database: string | undefined;
  #life: Life | undefined;
  #closed = false;
  #onError: (error: MongoFailure) => void = () => {};

  constructor(source: ClientSource, database: string | undefined) {
    this.#source = source;
    this.#database = database;
  }

  /** Told of a failure of our own client that belongs to no call. */
  onIdleError(listener: (error: MongoFailure) => void): void {
    this.#onError = listener;
  }

  /**
   * Sends what `command` makes and waits for a connection until `signal` aborts. When it aborts, the driver gives up the
   * connection that was waited on; of a client of ours, new calls use none of its connections any more, because the others
   * are as old as that one.
   *
   * @param command Called each time that it is about to be sent: what it says about time is then true.
   * @throws MongoFailure
   */
  async send<Reply>(signal: AbortSignal, command: () => object): Promise<Reply> {
    for (;;) {
      const life = this.#current();
      life.users += 1;
      try {
        const database = await this.#ready(life, signal);
        if (life.proof !== undefined) await untilAborted(life.proof, signal, timedOut);
        return (await untilAborted(database.command(command(), { signal }), signal, timedOut)) as Reply;
      } catch (error) {
        if (signal.aborted) {
          this.#giveUp(life);
          throw error instanceof MongoFailure ? error : new MongoFailure('TIMEOUT', 'no answer in time');
        }
        const failure = driverFailure(error);
        if (!wasUnsent(error) || !failure.transient) throw failure;
        await untilAborted(new Promise((resolve) => setTimeout(resolve, pause)), signal, timedOut);
      } finally {
        life.users -= 1;
        this.#closeIfUnused(life);
      }
    }
  }

  /**
   * Opens a change stream, whatever the client is set to: no other read concern has one. Where it is on a client of ours
   * that is given up, it ends with that.
   */
  async watch(
    signal: AbortSignal,
    collection: string,
    pipeline: readonly object[],
    options: object,
  ): Promise<Changes> {
    const database = await this.#ready(this.#current(), signal);
    return (database as WatchableDatabase)
      .collection(collection, { readPreference: 'primary', readConcern: { level: 'majority' } })
      .watch(pipeline, options)
      .stream();
  }

  /** Closes a client of ours; calls on the way fail. */
  async close(): Promise<void> {
    this.#closed = true;
    const life = this.#life;
    if (life === undefined || !this.#source.isOwn) return;
    this.#retire(life);
    await Promise.race([
      closeClient(life),
      new Promise((resolve) => setTimeout(resolve, closeLimit).unref()),
    ]);
  }

  #current(): Life {
    if (this.#closed) throw new MongoFailure('CLIENT', 'the store is closed');
    this.#life ??= { client: this.#open(), ready: undefined, users: 0, retired: false, proof: undefined };
    return this.#life;
  }

  async #open(): Promise<OpenClient> {
    const client = await this.#source.open();
    if (this.#source.isOwn) {
      (client as { on?(event: string, listener: (error: unknown) => void): void }).on?.('error', (error) =>
        this.#onError(driverFailure(error)),
      );
    }
    return client;
  }

  /** A connect that failed is not the last one: the driver would not try again by itself. */
  async #ready(life: Life, signal: AbortSignal): Promise<MongoDatabase> {
    if (life.ready === undefined) {
      const ready = life.client.then(async (client) => {
        await client.connect();
        return client;
      });
      life.ready = ready;
      // Whether or not somebody still waits for it.
      ready.catch(() => {
        if (life.ready === ready) life.ready = undefined;
      });
    }
    return (await untilAborted(life.ready, signal, timedOut)).db(this.#database);
  }

  /** One of its connections did not answer, and the others may be no better. */
  #giveUp(life: Life): void {
    if (this.#source.isOwn) this.#retire(life);
    else if (life.ready !== undefined) {
      life.proof ??= this.#prove(life.ready).finally(() => {
        life.proof = undefined;
      });
    }
  }

  /** Has the driver give up the silent ones among the idle connections of the application's client. */
  async #prove(ready: Promise<OpenClient>): Promise<void> {
    try {
      const database = (await ready).db(this.#database);
      for (let round = 0; round < proofRounds; round++) {
        const signal = AbortSignal.timeout(proofLimit);
        const pings = Array.from({ length: proofWidth }, () => database.command({ ping: 1 }, { signal }));
        const answers = await Promise.allSettled(pings);
        if (answers.every(({ status }) => status === 'fulfilled')) return;
      }
    } catch {
      // Whoever calls next finds out the same.
    }
  }

  #retire(life: Life): void {
    life.retired = true;
    if (this.#life === life) this.#life = undefined;
  }

  #closeIfUnused(life: Life): void {
    if (life.retired && life.users === 0) void closeClient(life);
  }
}

/** Its failures are nobody's concern: the client is not used any more. */
async function closeClient(life: Life): Promise<void> {
  await life.client.then((client) => client.close?.()).catch(() => {});
}

function timedOut(): MongoFailure {
  return new MongoFailure('TIMEOUT', 'no answer in time');
}
