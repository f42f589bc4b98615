import { setImmediate } from 'node:timers/promises';
import type {
  CallContext,
  ChangeListener,
  ClearContext,
  Expiry,
  ReadAnswer,
  RecordRemoval,
  RecordTouch,
  RecordWrite,
  RemoveAnswer,
  SessionBackend,
  SessionRecord,
  TouchAnswer,
  Watch,
  WriteAnswer,
} from '@session-stores/core';
import { answerEach, Connection, inTransaction } from './connection.js';
import { isTransient } from './failures.js';
import { prepareSchema } from './schema.js';
import { type SqliteBackendOptions, type SqliteDatabase, sqliteSettings } from './sqlite-options.js';
import { type Head, Statements } from './statements.js';

/** Small enough that a page holds up nobody, in this process or in another one. */
const pageSize = 200;

/** Records in a table of an SQLite database. Every batch is one transaction. */
export class SqliteBackend implements SessionBackend {
  readonly name = 'sqlite';
  readonly settlesAtOnce = true;
  readonly #connection: Connection;
  readonly #table: string;
  #statements: Statements | undefined;

  /** Throws `InvalidOptionError`. */
  constructor(options: SqliteBackendOptions) {
    const { source, table } = sqliteSettings(options);
    this.#connection = new Connection(source);
    this.#table = table;
  }

  async open({ signal }: CallContext): Promise<void> {
    try {
      await this.#connection.run(signal, (database) => {
        prepareSchema(database, this.#table);
        this.#statements = new Statements(database, this.#table);
      });
    } catch (error) {
      this.#statements = undefined;
      this.#connection.reset();
      throw error;
    }
  }

  async close(): Promise<void> {
    this.#connection.close();
  }

  read(ids: readonly string[], { signal }: CallContext): Promise<readonly ReadAnswer[]> {
    return this.#connection.runAtOnce(signal, (database) => {
      const now = Date.now();
      const statements = this.#prepared;
      return answerEach(database, 'DEFERRED', ids, (id) => statements.live(id, now));
    });
  }

  write(writes: readonly RecordWrite[], { signal }: CallContext): Promise<readonly WriteAnswer[]> {
    const called = Date.now();
    return this.#answerEach(signal, writes, (write, statements, now): WriteAnswer => {
      const { id, birth, expiry, expect } = write;
      const live = statements.liveHead(id, now);
      if (live === undefined) {
        if (expect !== 'absent' || statements.hasGrave(id, birth, now)) return { status: 'gone' };
      } else if (expect === 'absent' || live.revision !== expect.revision) {
        return { status: 'conflict', current: statements.live(id, now) as SessionRecord };
      }
      statements.put(write, expiryOf(expiry, called, live));
      return { status: 'written' };
    });
  }

  touch(touches: readonly RecordTouch[], { signal }: CallContext): Promise<readonly TouchAnswer[]> {
    const called = Date.now();
    return this.#answerEach(signal, touches, ({ id, revision, expiry }, statements, now): TouchAnswer => {
      const live = statements.liveHead(id, now);
      if (live === undefined) return { status: 'gone' };
      if (live.revision !== revision) {
        return { status: 'changed', current: statements.live(id, now) as SessionRecord };
      }
      statements.move(id, expiryOf(expiry, called, live));
      return { status: 'touched' };
    });
  }

  remove(removals: readonly RecordRemoval[], { signal }: CallContext): Promise<readonly RemoveAnswer[]> {
    return this.#answerEach(signal, removals, ({ id, birth, grace }, statements, now): RemoveAnswer => {
      const live = statements.liveHead(id, now);
      if (live !== undefined && birth !== undefined && live.birth !== birth) {
        return { status: 'other', birth: live.birth };
      }
      // The grave first: where the deletion then fails, it is on a record that lives, and harmless.
      const buried = birth ?? live?.birth;
      if (buried !== undefined) statements.dig(id, buried, grace, now);
      if (live !== undefined) statements.delete(id);
      return { status: 'removed' };
    });
  }

  async *scan({ signal }: CallContext): AsyncGenerator<readonly SessionRecord[]> {
    for (let after = ''; ; ) {
      const page = await this.#run(signal, (statements) => statements.page(after, pageSize, Date.now()));
      if (page.length > 0) yield page;
      if (page.length < pageSize) return;
      after = page.at(-1)?.id ?? after;
      await setImmediate(); // Requests that came meanwhile go first.
    }
  }

  count({ signal }: CallContext): Promise<number> {
    return this.#run(signal, (statements) => statements.count(Date.now()));
  }

  async clear({ signal, grace }: ClearContext): Promise<void> {
    if (grace === 0) {
      await this.#run(signal, (statements) => statements.clear());
    } else {
      for await (const page of this.scan({ signal })) {
        await this.remove(
          page.map(({ id }) => ({ id, grace })),
          { signal },
        );
      }
    }
  }

  /** Graves whose grace has ended go too, and count. */
  prune(limit: number, { signal }: CallContext): Promise<number> {
    return this.#run(signal, (statements, database) => {
      const now = Date.now();
      // Without the lock for writing where there is nothing to write.
      if (!statements.anyExpired(now)) return 0;
      return inTransaction(database, 'IMMEDIATE', () => statements.prune(limit, now));
    });
  }

  /** Without a channel: SQLite can be asked at once whether anybody else has changed anything. */
  async watch(listener: ChangeListener): Promise<Watch> {
    let known: string | undefined;
    return {
      catchUp: () => {
        const moment = performance.now();
        const version = this.#connection.version();
        if (version === undefined || version !== known) listener.lost();
        known = version;
        if (version !== undefined) listener.toldUntil(moment);
      },
      async stop() {},
    };
  }

  isTransient(error: unknown): boolean {
    return isTransient(error);
  }

  #answerEach<Item, Answer>(
    signal: AbortSignal,
    items: readonly Item[],
    answer: (item: Item, statements: Statements, now: number) => Answer,
  ) {
    return this.#run(signal, (statements, database) => {
      const now = Date.now();
      return answerEach(database, 'IMMEDIATE', items, (item) => answer(item, statements, now));
    });
  }

  #run<T>(signal: AbortSignal, work: (statements: Statements, database: SqliteDatabase) => T): Promise<T> {
    return this.#connection.run(signal, (database) => work(this.#prepared, database));
  }

  get #prepared(): Statements {
    if (this.#statements === undefined) throw new Error('SqliteBackend: open() comes before the first call');
    return this.#statements;
  }
}

/** Counted from the call, not from the moment when the lock was free. */
function expiryOf({ in: milliseconds, exact }: Expiry, called: number, live?: Head): number {
  const expiresAt = called + milliseconds;
  return exact || live === undefined ? expiresAt : Math.max(expiresAt, live.expiresAt);
}
