import type {
  CallContext,
  ChangeListener,
  ClearContext,
  ItemError,
  OpenContext,
  ReadAnswer,
  RecordRemoval,
  RecordTouch,
  RecordWrite,
  RemoveAnswer,
  SessionBackend,
  SessionRecord,
  TouchAnswer,
  Watch,
  WatchContext,
  WriteAnswer,
} from '@session-stores/core';
import { ServerClock, watchChannel } from '@session-stores/core';
import { byPosition, type Change, type Remaining, type Row, remove, touch, write } from './changes.js';
import { Connections, type Reply } from './connections.js';
import { concernsRow, PostgresFailure } from './postgres-failure.js';
import { type PostgresBackendOptions, postgresSettings } from './postgres-options.js';
import { prepareSchema, type TableNames, tableNames } from './schema.js';
import { pageSize, preparedFor, type Statements } from './statements.js';
import { subscribe } from './subscription.js';
import { textArray } from './text-array.js';

/** Records in a table of a PostgreSQL database, version 12 or later. Every batch is one statement. */
export class PostgresBackend implements SessionBackend {
  readonly name = 'postgres';
  readonly #connections: Connections;
  readonly #clock = new ServerClock();
  readonly #names: TableNames;
  readonly #createTable: boolean;
  readonly #statements: Statements;
  readonly #announcing: Statements;
  readonly #recordOf = (row: Row): SessionRecord => this.#record(row);

  /** @throws InvalidOptionError */
  constructor(options: PostgresBackendOptions) {
    const settings = postgresSettings(options);
    this.#names = tableNames(settings);
    this.#createTable = settings.createTable;
    const prepared = (announces: boolean) =>
      preparedFor(this.#names.records, settings.preparedStatements, announces);
    this.#statements = prepared(false);
    this.#announcing = prepared(true);
    this.#connections = new Connections(settings.source);
  }

  async open({ signal, onError }: OpenContext): Promise<void> {
    this.#connections.onIdleError(onError);
    await this.#connections.use(signal, (client) => prepareSchema(client, this.#names, this.#createTable));
    for (let reply = 0; reply < mostClockReplies && !(this.#clock.uncertainty <= 1); reply++) {
      await this.#query(signal, 'time', () => []);
    }
  }

  close(): Promise<void> {
    return this.#connections.close();
  }

  async read(ids: readonly string[], { signal }: CallContext): Promise<readonly ReadAnswer[]> {
    if (ids.length === 0) return [];
    if (ids.length === 1) return [(await this.#records(signal, 'readOne', [ids[0]]))[0]];
    const records = new Map<string, SessionRecord>();
    for (const record of await this.#records(signal, 'read', [textArray(ids)]))
      records.set(record.id, record);
    return ids.map((id) => records.get(id));
  }

  write(writes: readonly RecordWrite[], context: CallContext): Promise<readonly WriteAnswer[]> {
    return this.#change(write, writes, context);
  }

  touch(touches: readonly RecordTouch[], context: CallContext): Promise<readonly TouchAnswer[]> {
    return this.#change(touch, touches, context);
  }

  remove(removals: readonly RecordRemoval[], context: CallContext): Promise<readonly RemoveAnswer[]> {
    return this.#change(remove, removals, context);
  }

  async *scan({ signal }: CallContext): AsyncGenerator<readonly SessionRecord[]> {
    for (let after = ''; ; ) {
      const page = await this.#records(signal, 'page', [after]);
      if (page.length > 0) yield page;
      if (page.length < pageSize) return;
      after = page.at(-1)?.id ?? after;
    }
  }

  async count({ signal }: CallContext): Promise<number> {
    const { rows } = await this.#query(signal, 'count', () => []);
    return Number(rows[0]?.[0]);
  }

  async clear({ grace, ...context }: ClearContext): Promise<void> {
    for (let after: string | null | undefined = ''; typeof after === 'string'; ) {
      const values = [after, grace];
      const { rows }: Reply = await this.#announced(context, 'buryPage', () => values);
      after = rows[0]?.[0];
    }
  }

  /** Graves whose grace has ended go too, and count. Where another process is at it, nothing is done. */
  async prune(limit: number, { signal }: CallContext): Promise<number> {
    return (await this.#query(signal, 'prune', () => [limit, this.#names.records])).count;
  }

  async watch(listener: ChangeListener, { onError }: WatchContext): Promise<Watch> {
    return watchChannel(
      (subscriber) => subscribe(this.#connections, this.#names.records, subscriber),
      listener,
      onError,
    );
  }

  get expiryUncertainty(): number {
    return this.#clock.uncertainty / 2 + 1;
  }

  isTransient(error: unknown): boolean {
    return error instanceof PostgresFailure && error.transient;
  }

  async #change<Item, Answer>(
    change: Change<Item, Answer>,
    items: readonly Item[],
    context: CallContext,
  ): Promise<(Answer | ItemError)[]> {
    const remaining = stopwatch();
    const answers: (Answer | ItemError)[] = new Array(items.length);
    let open = items.map((_, index) => index);
    const usual = items.length === 1 ? change.one(items[0] as Item, remaining) : undefined;
    if (usual !== undefined) {
      const reply = await this.#unlessRefused(() => {
        return this.#announced(
          context,
          usual.statement,
          () => change.one(items[0] as Item, remaining)?.values ?? [],
        );
      });
      if ('status' in reply) return [reply];
      if (reply.count === 1) return [change.done];
    }
    while (open.length > 0) {
      const replies = await this.#inParts(
        open.map((index) => items[index] as Item),
        async (part) =>
          (await this.#announced(context, change.many, () => change.values(part, remaining))).rows,
      );
      open = open.filter((index, position) => {
        const reply = replies[position];
        const answer =
          reply === undefined
            ? change.done
            : 'status' in reply
              ? reply
              : change.answer(reply, this.#recordOf);
        if (answer !== undefined) answers[index] = answer;
        return answer === undefined;
      });
    }
    return answers;
  }

  /** The row of each item that has one; where an item makes the statement fail, the statement runs for each half. */
  async #inParts<Item>(
    items: readonly Item[],
    rowsFor: (part: readonly Item[]) => Promise<readonly Row[]>,
  ): Promise<readonly (Row | ItemError | undefined)[]> {
    const rows = await this.#unlessRefused(() => rowsFor(items));
    if (!('status' in rows)) return byPosition(rows, items.length);
    if (items.length === 1) return [rows];
    const middle = items.length >> 1;
    const first = await this.#inParts(items.slice(0, middle), rowsFor);
    return [...first, ...(await this.#inParts(items.slice(middle), rowsFor))];
  }

  async #unlessRefused<Result extends object>(work: () => Promise<Result>): Promise<Result | ItemError> {
    try {
      return await work();
    } catch (error) {
      if (concernsRow(error)) return { status: 'error', error };
      throw error;
    }
  }

  async #records(
    signal: AbortSignal,
    statement: 'readOne' | 'read' | 'page',
    values: unknown[],
  ): Promise<SessionRecord[]> {
    const { rows } = await this.#query(signal, statement, () => values);
    return rows.map(this.#recordOf);
  }

  /** An insert changes nothing that anybody could have kept, and is not announced. */
  #announced(
    { signal, announceAs }: CallContext,
    statement: keyof Statements,
    values: () => unknown[],
  ): Promise<Reply> {
    if (announceAs === undefined || statement === 'insertOne') return this.#query(signal, statement, values);
    return this.#query(signal, statement, () => [...values(), announceAs], this.#announcing);
  }

  async #query(
    signal: AbortSignal,
    statement: keyof Statements,
    values: () => unknown[],
    statements = this.#statements,
  ): Promise<Reply> {
    let sent = 0;
    const reply = await this.#connections.query(signal, statements[statement], () => {
      sent = Date.now();
      return values();
    });
    const time = reply.rows[0]?.[statement === 'time' ? 0 : serverTime];
    if (typeof time === 'string') this.#clock.observe(sent, Number(time) * 1_000, Date.now());
    return reply;
  }

  #record([id, data, birth, revision, expiresAt]: Row): SessionRecord {
    return {
      id: id as string,
      data: data as string,
      birth: birth as string,
      revision: revision as string,
      expiresAt: this.#clock.toLocal(Number(expiresAt) * 1_000),
    };
  }
}

/** The quickest reply tells the server's time best. Those of the calls go on narrowing it. */
const mostClockReplies = 5;

/** The column of the server's time, in the rows that have it. */
const serverTime = 5;

/** An expiry counts from the call, and the call may have waited for a connection. */
function stopwatch(): Remaining {
  const calledAt = performance.now();
  return ({ in: milliseconds }) => {
    const left = milliseconds - (performance.now() - calledAt);
    return left <= Number.MAX_SAFE_INTEGER ? Math.max(0, left) : null;
  };
}
