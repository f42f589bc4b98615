import { setTimeout } from 'node:timers/promises';
import { atOnce, BackendError } from '@session-stores/core';
import Database from 'better-sqlite3';
import { concernsOneItem, failureOf, mustWait } from './failures.js';
import type { SqliteDatabase, SqliteSettings, SqliteStatement } from './sqlite-options.js';

/** Ms between two tries to get a lock: the first, and the most. */
const firstPause = 1;
const longestPause = 20;

/**
 * The one connection, ours or the caller's. SQLite would wait for the lock of another process with the whole event loop
 * standing still, so its own waiting (busy_timeout) is off while we work, and we try again until the signal aborts.
 */
export class Connection {
  readonly #source: SqliteSettings['source'];
  #own: SqliteDatabase | undefined;
  #version: DataVersion | undefined;
  #closed = false;

  constructor(source: SqliteSettings['source']) {
    this.#source = source;
  }

  /** Runs `work` as soon as nobody is in the way, whole and without a pause. Rejects with errors of ours. */
  async run<T>(signal: AbortSignal, work: (database: SqliteDatabase) => T): Promise<T> {
    for (let pause = firstPause; ; pause = Math.min(2 * pause, longestPause)) {
      signal.throwIfAborted();
      let inTheWay: unknown;
      try {
        return this.#attempt(work);
      } catch (error) {
        if (!mustWait(error)) throw failureOf(error);
        inTheWay = error;
      }
      try {
        await setTimeout(pause * (0.5 + Math.random() / 2), undefined, { signal });
      } catch {
        throw new BackendError(
          true,
          'sqlite: the database stayed locked until the time was up, by another process or by an open transaction or iterate() of this one',
          inTheWay,
        );
      }
    }
  }

  /** The same, and answered at once unless somebody is in the way: for what costs no commit, and so need not gather. */
  runAtOnce<T>(signal: AbortSignal, work: (database: SqliteDatabase) => T): Promise<T> {
    if (!signal.aborted) {
      try {
        return atOnce(this.#attempt(work));
      } catch (error) {
        if (!mustWait(error)) return Promise.reject(failureOf(error));
      }
    }
    return this.run(signal, work);
  }

  /**
   * What is another text after somebody else has changed anything in the database; `undefined` where that cannot be told at
   * once. On a caller's database the caller may be the one, so there every change counts, ours too.
   */
  version(): string | undefined {
    try {
      return this.#attempt((database) => {
        if (this.#version?.database !== database) this.#version = new DataVersion(database);
        return 'path' in this.#source ? this.#version.byOthers() : this.#version.byAnybody();
      });
    } catch {
      return undefined;
    }
  }

  /** Forgets a connection of ours, so that the next call opens a new one. */
  reset(): void {
    this.#own?.close();
    this.#own = undefined;
  }

  /** Leaves a caller's database open. */
  close(): void {
    this.#closed = true;
    this.reset();
  }

  #attempt<T>(work: (database: SqliteDatabase) => T): T {
    if (this.#closed) throw new BackendError(false, 'sqlite: the backend is closed', undefined);
    if ('path' in this.#source) {
      this.#own ??= openFile(this.#source.path);
      return work(this.#own);
    }
    return asGuest(this.#source.database, work);
  }
}

/** SQLite compares these numbers within one connection only, so each connection has its own name in front of them. */
class DataVersion {
  static #connections = 0;
  readonly database: SqliteDatabase;
  readonly #name = ++DataVersion.#connections;
  readonly #others: SqliteStatement;
  readonly #own: SqliteStatement;

  constructor(database: SqliteDatabase) {
    this.database = database;
    this.#others = database.prepare('PRAGMA data_version');
    this.#own = database.prepare('SELECT total_changes() AS own_changes');
  }

  byOthers(): string {
    return `${this.#name} ${(this.#others.get() as { data_version: number }).data_version}`;
  }

  byAnybody(): string {
    return `${this.byOthers()} ${(this.#own.get() as { own_changes: number }).own_changes}`;
  }
}

/** `work` in one transaction that holds the lock for writing from the start, or in one that reads. */
export function inTransaction<T>(database: SqliteDatabase, kind: 'IMMEDIATE' | 'DEFERRED', work: () => T): T {
  database.exec(`BEGIN ${kind}`);
  try {
    const result = work();
    database.exec('COMMIT');
    return result;
  } catch (error) {
    // SQLite rolls back by itself where the disk is full or fails.
    if (database.inTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

/** Answers every item for itself in one transaction. Only what concerns the whole database fails the call. */
export function answerEach<Item, Answer>(
  database: SqliteDatabase,
  kind: 'IMMEDIATE' | 'DEFERRED',
  items: readonly Item[],
  answer: (item: Item) => Answer,
): (Answer | { status: 'error'; error: unknown })[] {
  // One statement that reads is a transaction of its own.
  const isOwn = kind === 'DEFERRED' && items.length === 1;
  const answers = () =>
    items.map((item) => {
      try {
        return answer(item);
      } catch (error) {
        if (!(isOwn || database.inTransaction) || !concernsOneItem(error)) throw error;
        return { status: 'error' as const, error: failureOf(error) };
      }
    });
  return isOwn ? answers() : inTransaction(database, kind, answers);
}

/**
 * Works on the caller's database without a trace. What we write must not become part of the caller's transaction, whose
 * ROLLBACK would take a deletion back; and what we read must not come from its snapshot, which may be older than a deletion
 * that another process has acknowledged.
 */
function asGuest<T>(database: SqliteDatabase, work: (database: SqliteDatabase) => T): T {
  if (database.inTransaction) throw new CallersTransaction();
  database.exec(''); // Throws while an iterate() of the caller is open, which holds such a snapshot too.
  const timeout = Number(database.pragma('busy_timeout', { simple: true }));
  if (timeout === 0) return work(database);
  database.pragma('busy_timeout = 0');
  try {
    return work(database);
  } finally {
    database.pragma(`busy_timeout = ${timeout}`);
  }
}

/** Pages of 4 KiB in the WAL that are put into the file together. */
const pagesPerCheckpoint = 250;

function openFile(path: string): SqliteDatabase {
  const database: SqliteDatabase = new Database(path, { timeout: 0 });
  try {
    // Readers and a writer do not wait for each other.
    database.pragma('journal_mode = WAL');
    // A commit is on the disk when it returns. With less, a power cut brings a session back whose logout was confirmed.
    database.pragma('synchronous = FULL');
    // SQLite's own is 1,000, and while so much is put into the file the event loop stands still for 15 to 40 ms.
    database.pragma(`wal_autocheckpoint = ${pagesPerCheckpoint}`);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

class CallersTransaction extends Error {
  readonly code = 'SQLITE_BUSY';

  constructor() {
    super('The caller of this database has a transaction open');
  }
}
