import { untilAborted } from '@session-stores/core';
import pg from 'pg';
import { requestCancel } from './cancel-request.js';
import { endsConnection, failureOf, PostgresFailure, wasTakenBack } from './postgres-failure.js';
import type { PostgresClient, PostgresPool, PostgresSettings } from './postgres-options.js';

/** A pool of our own. Our calls need one connection for each kind of call; the others are for scans and for silent ones. */
const ownPool = {
  max: 10,
  // Ms. Less than the operation time of a plain store (5 s), so that a server that accepts and never answers costs one
  // attempt of it.
  connectionTimeoutMillis: 3_000,
  idleTimeoutMillis: 60_000,
  keepAlive: true,
  // A script that has done its work ends, although it did not close the store.
  allowExitOnIdle: true,
  fallback_application_name: 'session-stores',
};

const longestPause = 1_000;
/** More would hide from everybody that something is wrong. */
const mostAttempts = 10;

/** An SQL text with its own name, if it is to be prepared. */
export interface Statement {
  readonly text: string;
  readonly name?: string;
}

export interface Reply {
  /** How many rows were read or changed. */
  readonly count: number;
  /** Each column as the server's text, whatever parsers the application has set in pg. */
  readonly rows: readonly (readonly (string | null)[])[];
}

const asText = { getTypeParser: () => (value: string) => value };

/** Lends connections of the pool, and takes them away from calls whose time is up. */
export class Connections {
  readonly #pool: PostgresPool;
  readonly #own: boolean;
  #closed = false;
  #reportIdle: (error: unknown) => void = () => {};
  // Without a listener an idle connection that breaks would end the process.
  readonly #onPoolError = (error: Error): void => this.#reportIdle(failureOf(error));

  constructor(source: PostgresSettings['source']) {
    this.#own = 'url' in source;
    this.#pool =
      'url' in source
        ? (new pg.Pool({ connectionString: source.url, ...ownPool }) as PostgresPool)
        : source.pool;
    this.#pool.on('error', this.#onPoolError);
  }

  /** Told of a failure of a connection that no call was using. */
  onIdleError(listener: (error: unknown) => void): void {
    this.#reportIdle = listener;
  }

  /**
   * Runs one statement, in a transaction of its own. Where the server took it back in favour of another one (a deadlock, a
   * stricter isolation than READ COMMITTED), nothing was done, and it runs again.
   *
   * @param values Called when there is a connection: what they say about time is then true.
   * @throws PostgresFailure
   */
  async query(signal: AbortSignal, statement: Statement, values: () => unknown[]): Promise<Reply> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.use(signal, (client) => run(client, statement, values()));
      } catch (failure) {
        if (!wasTakenBack(failure) || attempt === mostAttempts || signal.aborted) throw failure;
      }
    }
  }

  /**
   * Runs `work` on a connection, and waits for one until `signal` aborts. When it aborts during `work`, the connection is
   * destroyed at once, so that no later call waits behind a silent one.
   *
   * @throws PostgresFailure
   */
  async use<Result>(signal: AbortSignal, work: (client: PostgresClient) => Promise<Result>): Promise<Result> {
    const client = await this.#connect(signal);
    // The query that is on the way fails with the same error; without a listener it would end the process too.
    client.on('error', ignore);
    let broken = true;
    try {
      const result = await untilAborted(work(client), signal, () => {
        requestCancel(client);
        return new PostgresFailure('TIMEOUT', 'no answer in time', true);
      });
      broken = false;
      return result;
    } catch (error) {
      const failure = failureOf(error);
      broken = signal.aborted || endsConnection(failure);
      if (isReadTimeout(error)) requestCancel(client);
      throw failure;
    } finally {
      client.release(broken);
      client.off('error', ignore);
    }
  }

  /**
   * A connection for as long as it is needed, which keeps no process alive; it is given back by `release(true)`, so that
   * nobody else gets what it was used for.
   *
   * @throws PostgresFailure
   */
  async take(signal: AbortSignal): Promise<PostgresClient> {
    const client = await this.#connect(signal);
    client.on('error', ignore);
    (client as { unref?(): void }).unref?.();
    return client;
  }

  /** Ends a pool of our own when the calls on the way are done; the caller's stays as it is. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#own) await (this.#pool as unknown as { end(): Promise<void> }).end();
    this.#pool.off('error', this.#onPoolError);
    // What breaks while it is closed is nobody's concern.
    if (this.#own) this.#pool.on('error', ignore);
  }

  async #connect(signal: AbortSignal): Promise<PostgresClient> {
    let last: PostgresFailure | undefined;
    const noConnection = (): PostgresFailure => {
      const because = last === undefined ? '' : ` (${last.message})`;
      return new PostgresFailure('CONNECTION', `no connection to PostgreSQL in time${because}`, true);
    };
    for (let attempt = 0; ; attempt++) {
      if (this.#closed) throw new PostgresFailure('CLOSED', 'the store is closed', false);
      if (signal.aborted) throw noConnection();
      const arriving = this.#pool.connect();
      try {
        return await untilAborted(arriving, signal, noConnection);
      } catch (error) {
        if (signal.aborted) {
          // What arrives when nobody waits for it any more goes back.
          arriving.then((client) => client.release(), ignore);
          throw noConnection();
        }
        const failure = failureOf(error);
        if (!(failure instanceof PostgresFailure && failure.transient)) throw failure;
        last = failure;
      }
      await untilAborted(pause(attempt), signal, noConnection);
    }
  }
}

/** Runs one statement on a connection, or several without values, of which the reply is nothing. Rejects as pg does. */
export async function run(
  client: PostgresClient,
  { text, name }: Statement,
  values: unknown[] = [],
): Promise<Reply> {
  const query = { text, values, rowMode: 'array', types: asText } as const;
  const { rowCount, rows } = await client.query(name === undefined ? query : { ...query, name });
  return { count: rowCount ?? 0, rows: rows as (string | null)[][] };
}

/** The pool's own `query_timeout` was shorter than our time limit. pg tells it by these words alone. */
function isReadTimeout(error: unknown): boolean {
  return error instanceof Error && error.message === 'Query read timeout';
}

function pause(attempt: number): Promise<void> {
  const longest = Math.min(25 * 2 ** attempt, longestPause);
  return new Promise((resolve) => setTimeout(resolve, longest * (0.5 + Math.random() / 2)));
}

function ignore(): void {}
