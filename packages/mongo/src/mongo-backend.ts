import {
  type CallContext,
  type ChangeListener,
  type ClearContext,
  type OpenContext,
  type ReadAnswer,
  type RecordRemoval,
  type RecordTouch,
  type RecordWrite,
  type RemoveAnswer,
  type SessionBackend,
  type SessionRecord,
  type TouchAnswer,
  type Watch,
  type WatchContext,
  type WriteAnswer,
  watchChannel,
} from '@session-stores/core';
import { Commands } from './commands.js';
import { Connection } from './connection.js';
import { ensureExpiryIndex } from './expiry-index.js';
import { type MongoBackendOptions, type MongoPlace, placeOf } from './mongo-client.js';
import { MongoFailure } from './mongo-failure.js';
import { digGraves, removeRecords } from './removals.js';
import { failed } from './rounds.js';
import { stateOf } from './session-document.js';
import { operationTime, subscribe } from './subscription.js';
import { touchRecords } from './touches.js';
import { writeRecords } from './writes.js';

/** Documents of the first page, and of one at the most. */
const firstPage = 500;
const longestPage = 2_000;
/** How much text a page is to have, in UTF-16 code units. */
const pageText = 4 * 1024 * 1024;
/** Ms between two looks whether the index is still there, at the occasion of a write. */
const indexInterval = 60_000;
const indexLimit = 10_000;
/** Ms in which the server has to say whether it has change streams. */
const watchLimit = 5_000;

/** The storage primitives on MongoDB 4.4 or later: one server, a replica set, or a cluster through mongos. */
export class MongoBackend implements SessionBackend {
  readonly name = 'mongodb';
  /** There only where the server does not delete what has expired. */
  prune?: (limit: number, context: CallContext) => Promise<number>;
  readonly #connection: Connection;
  readonly #commands: Commands;
  readonly #place: MongoPlace;
  #onError: (error: MongoFailure) => void = () => {};
  #lookedAt = Number.NEGATIVE_INFINITY;

  /** @throws InvalidOptionError */
  constructor(options: MongoBackendOptions) {
    const place = placeOf(options);
    this.#connection = new Connection(place.source, place.database);
    this.#commands = new Commands(this.#connection, place);
    this.#place = place;
  }

  async open({ signal, onError }: OpenContext): Promise<void> {
    this.#onError = onError;
    this.#connection.onIdleError(onError);
    const problem = await this.#ensureIndex(signal);
    if (problem !== undefined) onError(problem);
  }

  close(): Promise<void> {
    // What is still under way fails, and belongs to no call.
    this.#onError = () => {};
    return this.#connection.close();
  }

  async read(ids: readonly string[], { signal }: CallContext): Promise<readonly ReadAnswer[]> {
    if (ids.length === 0) return [];
    const documents = await this.#commands.find(ids, signal);
    const now = Date.now();
    return ids.map((id) => {
      const found = stateOf(documents.get(id), now);
      if (found.state === 'live') return found.record;
      return found.state === 'unreadable' ? failed(found.failure) : undefined;
    });
  }

  async write(
    writes: readonly RecordWrite[],
    { signal, announceAs }: CallContext,
  ): Promise<readonly WriteAnswer[]> {
    const answers = await writeRecords(this.#commands.announcedAs(announceAs), writes, signal);
    this.#lookAfterIndex();
    return answers;
  }

  touch(
    touches: readonly RecordTouch[],
    { signal, announceAs }: CallContext,
  ): Promise<readonly TouchAnswer[]> {
    return touchRecords(this.#commands.announcedAs(announceAs), touches, signal);
  }

  remove(removals: readonly RecordRemoval[], { signal }: CallContext): Promise<readonly RemoveAnswer[]> {
    return removeRecords(this.#commands, removals, signal);
  }

  async *scan({ signal }: CallContext): AsyncGenerator<readonly SessionRecord[]> {
    let last: string | undefined;
    let limit = firstPage;
    for (;;) {
      const documents = await this.#commands.page(last, limit, signal);
      const now = Date.now();
      const page: SessionRecord[] = [];
      let text = 1;
      for (const document of documents) {
        const found = stateOf(document, now);
        last = document._id;
        if (found.state !== 'live') continue;
        page.push(found.record);
        text += found.session.length;
      }
      // A page ends early where a reply can hold no more, so only an empty one is the last.
      if (documents.length === 0) return;
      yield page;
      limit = Math.max(1, Math.min(longestPage, Math.floor((pageText * documents.length) / text)));
    }
  }

  count({ signal }: CallContext): Promise<number> {
    return this.#commands.count(signal);
  }

  async clear({ signal, grace }: ClearContext): Promise<void> {
    for await (const page of this.scan({ signal })) {
      await this.#commands.deleteSessions(
        page.map(({ id }) => id),
        signal,
      );
      if (grace <= 0) continue;
      // An insert that comes late may be faster than the grave: that is met, and buried.
      const removals = page.flatMap(({ id, birth }) => (birth === undefined ? [] : [{ id, birth, grace }]));
      for (const answer of await digGraves(this.#commands, removals, signal)) {
        if (answer.status === 'error') throw answer.error;
      }
    }
  }

  /** Hears of every change, whoever makes it. Rejects with `NO_CHANGES` where the server has no change streams. */
  async watch(listener: ChangeListener, { onError }: WatchContext): Promise<Watch> {
    await operationTime(this.#connection, AbortSignal.timeout(watchLimit));
    return watchChannel(
      (subscriber) => subscribe(this.#connection, this.#place, subscriber),
      listener,
      onError,
    );
  }

  /** Broken connections, elections and refusals by the server's state pass; what somebody has to mend does not. */
  isTransient(error: unknown): boolean {
    return error instanceof MongoFailure && error.transient;
  }

  /** A collection that was dropped comes back with the next insert, without its index. */
  #lookAfterIndex(): void {
    if (performance.now() - this.#lookedAt < indexInterval) return;
    this.#ensureIndex(AbortSignal.timeout(indexLimit)).catch((error: MongoFailure) => {
      if (!error.transient) this.#onError(error);
    });
  }

  async #ensureIndex(signal: AbortSignal): Promise<MongoFailure | undefined> {
    this.#lookedAt = performance.now();
    const { isOn, problem } = await ensureExpiryIndex(this.#connection, this.#place.collection, signal);
    if (isOn) delete this.prune;
    else this.prune = (limit, context) => this.#commands.deleteExpired(limit, context.signal);
    return problem;
  }
}
