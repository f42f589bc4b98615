import type { Connection } from './connection.js';
import type { MongoPlace } from './mongo-client.js';
import { type MongoFailure, replyFailure } from './mongo-failure.js';
import {
  anyId,
  anyText,
  noGrave,
  type SessionDocument,
  sessionsAfter,
  unexpiredAt,
} from './session-document.js';
import { partsOf } from './sizes.js';

/** One statement of the command `update`. */
export interface UpdateStatement {
  readonly q: { readonly _id: string; readonly [field: string]: unknown };
  readonly u: {
    readonly $set?: object;
    readonly $setOnInsert?: object;
    readonly $max?: object;
    readonly $unset?: object;
  };
  readonly upsert?: true;
}

/** One statement of the command `delete`. */
export interface DeleteStatement {
  readonly q: { readonly _id: string; readonly [field: string]: unknown };
  readonly limit: 1;
}

/** What an update did. Servers tell how many, not which. */
export interface Tally {
  readonly matched: number;
  readonly modified: number;
  /** The ids of the documents that it inserted. */
  readonly upserted: ReadonlySet<string>;
  /** A statement failed; who it was, and whether the others were carried out, is not to be relied on. */
  readonly failure: MongoFailure | undefined;
  /** It failed because of an id that another insert had taken meanwhile, and for nothing else. */
  readonly isDuplicate: boolean;
}

interface WriteReply {
  readonly n?: number;
  readonly nModified?: number;
  readonly upserted?: readonly { readonly _id: string }[];
  readonly writeErrors?: readonly { readonly code: number }[];
}

interface FindReply {
  readonly cursor: { readonly id: unknown; readonly firstBatch: readonly SessionDocument[] };
}

const duplicateKey = 11000;

const projection = { session: 1, expires: 1 };
// The newest that the primary has: what a write has just been compared with, and not what was confirmed before.
const readConcern = { level: 'local' };

/**
 * The commands that the store sends, as the server knows them and not as methods of the driver: these can be given up by a
 * signal, are never sent twice by the driver, and answer in full.
 */
export class Commands {
  readonly #connection: Connection;
  readonly #place: MongoPlace;
  readonly #announceAs: string | undefined;

  /** `announceAs`: what updates leave in the field `by`, for those who watch the collection. */
  constructor(connection: Connection, place: MongoPlace, announceAs?: string) {
    this.#connection = connection;
    this.#place = place;
    this.#announceAs = announceAs;
  }

  /** The same, whose updates are announced in this name. */
  announcedAs(name: string | undefined): Commands {
    return name === undefined ? this : new Commands(this.#connection, this.#place, name);
  }

  /** The documents of these ids, by id. */
  async find(ids: readonly string[], signal: AbortSignal): Promise<Map<string, SessionDocument>> {
    const found = new Map<string, SessionDocument>();
    let missing = ids;
    for (;;) {
      const wanted = missing;
      const _id = wanted.length === 1 ? wanted[0] : { $in: wanted };
      const { cursor } = await this.#connection.send<FindReply>(signal, () => ({
        find: this.#place.collection,
        filter: { _id },
        projection,
        batchSize: wanted.length + 1,
        readConcern,
      }));
      for (const document of cursor.firstBatch) found.set(document._id, document);
      if (Number(cursor.id) === 0) return found;
      // They are more than fit into one reply. The rest is asked for anew: a cursor would bind us to this server.
      await this.#endCursor(cursor.id, signal);
      missing = wanted.filter((id) => !found.has(id));
      if (cursor.firstBatch.length === 0 || missing.length === 0) return found;
    }
  }

  /**
   * Carries out the statements, each atomically, in no order.
   *
   * @param statements Called each time that they are about to be sent.
   */
  async update(statements: () => readonly UpdateStatement[], signal: AbortSignal): Promise<Tally> {
    return this.#inParts(statements, signal, (part) => ({
      update: this.#place.collection,
      updates: this.#announceAs === undefined ? part : part.map(signed(this.#announceAs)),
      ordered: false,
      writeConcern: this.#place.writeConcern,
    }));
  }

  /** Inserts documents, each of which may be there already; `matched` is how many it inserted. */
  async insert(documents: () => readonly SessionDocument[], signal: AbortSignal): Promise<Tally> {
    return this.#inParts(documents, signal, (part) => ({
      insert: this.#place.collection,
      documents: part,
      ordered: false,
      writeConcern: this.#place.writeConcern,
    }));
  }

  /** Deletes what the statements match; `matched` is how many. */
  async delete(statements: () => readonly DeleteStatement[], signal: AbortSignal): Promise<Tally> {
    return this.#inParts(statements, signal, (part) => ({
      delete: this.#place.collection,
      deletes: part,
      ordered: false,
      writeConcern: this.#place.writeConcern,
    }));
  }

  /** The first live sessions after this id, in the order of ids, as many as fit into a reply. */
  async page(after: string | undefined, limit: number, signal: AbortSignal): Promise<SessionDocument[]> {
    const { cursor } = await this.#connection.send<FindReply>(signal, () => ({
      find: this.#place.collection,
      filter: { ...sessionsAfter(after), expires: unexpiredAt(Date.now()) },
      projection,
      sort: { _id: 1 },
      limit,
      batchSize: limit,
      singleBatch: true,
      readConcern,
    }));
    return [...cursor.firstBatch];
  }

  async count(signal: AbortSignal): Promise<number> {
    const reply = await this.#connection.send<{ cursor: { firstBatch: { n: number }[] } }>(signal, () => ({
      aggregate: this.#place.collection,
      pipeline: [
        { $match: { ...sessionsAfter(undefined), expires: unexpiredAt(Date.now()) } },
        { $count: 'n' },
      ],
      cursor: {},
      readConcern,
    }));
    return Number(reply.cursor.firstBatch[0]?.n ?? 0);
  }

  /** Deletes the sessions of these ids, and no graves. */
  async deleteSessions(ids: readonly string[], signal: AbortSignal): Promise<void> {
    await this.#deleteMany(() => ({ _id: { $in: ids }, session: noGrave }), signal);
  }

  /** Deletes at most so many that have expired. */
  async deleteExpired(limit: number, signal: AbortSignal): Promise<number> {
    const expired = () => ({ _id: anyId, session: anyText, expires: { $lte: new Date() } });
    const { cursor } = await this.#connection.send<FindReply>(signal, () => ({
      find: this.#place.collection,
      filter: expired(),
      projection: { _id: 1 },
      limit,
      batchSize: limit,
      singleBatch: true,
      readConcern,
    }));
    const ids = cursor.firstBatch.map(({ _id }) => _id);
    // Some may have been given a new life meanwhile.
    return ids.length === 0 ? 0 : this.#deleteMany(() => ({ ...expired(), _id: { $in: ids } }), signal);
  }

  async #deleteMany(filter: () => object, signal: AbortSignal): Promise<number> {
    const reply = await this.#connection.send<WriteReply>(signal, () => ({
      delete: this.#place.collection,
      deletes: [{ q: filter(), limit: 0 }],
      writeConcern: this.#place.writeConcern,
    }));
    const failure = failureOf(reply);
    if (failure !== undefined) throw failure;
    return Number(reply.n ?? 0);
  }

  async #inParts<Statement extends UpdateStatement | DeleteStatement | SessionDocument>(
    statements: () => readonly Statement[],
    signal: AbortSignal,
    command: (part: readonly Statement[]) => object,
  ): Promise<Tally> {
    const now = statements();
    const parts = partsOf(now);
    let matched = 0;
    let modified = 0;
    const upserted = new Set<string>();
    let failure: MongoFailure | undefined;
    for (const [start, end] of parts) {
      const reply = await this.#connection.send<WriteReply>(signal, () =>
        command(statements().slice(start, end)),
      );
      for (const { _id } of reply.upserted ?? []) upserted.add(_id);
      matched += Number(reply.n ?? 0) - (reply.upserted?.length ?? 0);
      modified += Number(reply.nModified ?? 0);
      failure ??= failureOf(reply);
    }
    return { matched, modified, upserted, failure, isDuplicate: failure?.serverCode === duplicateKey };
  }

  async #endCursor(id: unknown, signal: AbortSignal): Promise<void> {
    // If it cannot be ended now the server does so by itself, after ten minutes.
    await this.#connection
      .send(signal, () => ({ killCursors: this.#place.collection, cursors: [id] }))
      .catch(() => {});
  }
}

/** The statement, which names who changes the document as well. */
function signed(name: string): (statement: UpdateStatement) => UpdateStatement {
  return (statement) => {
    // Of fields that a change leaves as they were nobody is told, so it is never the same twice.
    const by = { by: `${name} ${++signatures}` };
    const { $set, $setOnInsert, ...rest } = statement.u;
    const u =
      $setOnInsert === undefined
        ? { ...rest, $set: { ...$set, ...by } }
        : { ...rest, $setOnInsert: { ...$setOnInsert, ...by } };
    return { ...statement, u };
  };
}

let signatures = 0;

/** An insert that met another of the same id is not a failure: it shows as not inserted. */
function failureOf({ n, writeErrors = [] }: WriteReply): MongoFailure | undefined {
  const other = writeErrors.find(({ code }) => code !== duplicateKey);
  if (other !== undefined) return replyFailure(other.code);
  // A server that stopped at the duplicate (FerretDB) does not say what it has done before.
  return writeErrors.length > 0 && n === undefined ? replyFailure(duplicateKey) : undefined;
}
