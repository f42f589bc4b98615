import { chmodSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { InvalidOptionError, JournalError } from './errors.js';

/** https://sqlite.org/rescode.html */
const SQLITE_BUSY = 5;

/**
 * One holder a journal, in this process or another: the lock that SQLite takes on the empty file `<journal>.lock` for an
 * exclusive transaction. The operating system frees it when its holder ends, however it ends, and a process that runs in
 * another container on the same disk meets it too; a file with a process id in it could promise neither. Nothing is ever
 * written to the file, and it is never deleted, so that no two processes hold two files of that name.
 */
export class JournalLock {
  readonly #database: DatabaseSync;

  /** Throws `JournalError` with `JOURNAL_IN_USE` if somebody has it, and `JOURNAL_FAILED` if it cannot be had. */
  constructor(path: string) {
    const sqlite = process.getBuiltinModule('node:sqlite');
    if (sqlite === undefined) {
      throw new InvalidOptionError(
        "Option 'journal' needs Node 22.13 or later, whose node:sqlite locks the journal; without it leave the option out",
      );
    }
    let database: DatabaseSync | undefined;
    try {
      database = new sqlite.DatabaseSync(`${path}.lock`, { timeout: 0 });
      database.exec('BEGIN EXCLUSIVE');
      chmodSync(`${path}.lock`, 0o600);
    } catch (error) {
      database?.close();
      if ((error as { errcode?: unknown }).errcode === SQLITE_BUSY) {
        throw new JournalError(
          'JOURNAL_IN_USE',
          `The journal ${path} is in use by another process, or by another store of this one; give every store of every process a path of its own`,
          error,
        );
      }
      throw new JournalError(
        'JOURNAL_FAILED',
        `The journal could not be locked by ${path}.lock (the cause says why); make its directory writable, and the file one that is empty`,
        error,
      );
    }
    this.#database = database;
  }

  release(): void {
    this.#database.close();
  }
}
