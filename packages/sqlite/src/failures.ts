import { BackendError } from '@session-stores/core';

/** What to do about a result code, by its first words; https://sqlite.org/rescode.html. The first that fits counts. */
const byCode: readonly { begins: string; transient: boolean; item?: true; message: string }[] = [
  { begins: 'SQLITE_BUSY', transient: true, message: 'another connection holds the lock of the database' },
  { begins: 'SQLITE_LOCKED', transient: true, message: 'another statement holds the lock of the table' },
  {
    begins: 'SQLITE_PROTOCOL',
    transient: true,
    message: 'too many connections race for the lock of the database',
  },
  // A disk that comes back (NFS, a full queue) mends itself, and another try changes nothing twice.
  { begins: 'SQLITE_IOERR', transient: true, message: 'the file cannot be read or written' },
  { begins: 'SQLITE_NOMEM', transient: true, message: 'there is not enough memory' },
  { begins: 'SQLITE_INTERRUPT', transient: true, message: 'somebody interrupted the statement' },
  {
    begins: 'SQLITE_FULL',
    transient: false,
    message: 'the disk, or the size that the database may have, is full',
  },
  {
    begins: 'SQLITE_READONLY',
    transient: false,
    message:
      'the database is read-only; the process needs to write the file and its folder (for -wal and -shm)',
  },
  {
    begins: 'SQLITE_CORRUPT',
    transient: false,
    message: 'the database file is damaged; restore it from a backup',
  },
  { begins: 'SQLITE_NOTADB', transient: false, message: 'the file is not an SQLite database' },
  {
    begins: 'SQLITE_CANTOPEN',
    transient: false,
    message: 'the database file cannot be opened; it, its folder and their permissions are what to look at',
  },
  { begins: 'SQLITE_PERM', transient: false, message: 'the permissions of the database file forbid it' },
  { begins: 'SQLITE_AUTH', transient: false, message: 'the database does not authorize it' },
  {
    begins: 'SQLITE_TOOBIG',
    transient: false,
    item: true,
    message: 'the session is larger than SQLite can store',
  },
  {
    begins: 'SQLITE_CONSTRAINT',
    transient: false,
    item: true,
    message: 'a constraint or trigger refuses it',
  },
];

/** The failure as an error of ours, with the driver's as its cause. Those of ours, and bugs, stay as they are. */
export function failureOf(error: unknown): unknown {
  if (error instanceof BackendError) return error;
  const code = codeOf(error);
  const known = byCode.find(({ begins }) => code.startsWith(begins));
  if (known !== undefined)
    return new BackendError(known.transient, `sqlite: ${known.message} (${code})`, error);
  if (code !== '') return new BackendError(false, `sqlite: the statement failed (${code})`, error);
  const message = error instanceof TypeError ? error.message : '';
  if (message.includes('directory does not exist')) {
    return new BackendError(
      false,
      "sqlite: the folder of the file in option 'path' does not exist; create it",
      error,
    );
  }
  if (message.includes('connection is not open')) {
    return new BackendError(false, "sqlite: the database in option 'database' was closed", error);
  }
  return error;
}

/** Somebody else is at work, here or in another process: it passes without anybody mending anything. */
export function mustWait(error: unknown): boolean {
  if (/^SQLITE_(BUSY|LOCKED|PROTOCOL)/.test(codeOf(error))) return true;
  // better-sqlite3's own: the caller is in the middle of an iterate().
  return error instanceof TypeError && error.message.includes('busy executing a query');
}

/** The failure is of this item and says nothing about the next. */
export function concernsOneItem(error: unknown): boolean {
  const code = codeOf(error);
  if (code === '') return error instanceof RangeError || error instanceof TypeError;
  return byCode.some(({ begins, item }) => item === true && code.startsWith(begins));
}

export function isTransient(error: unknown): boolean {
  const failure = failureOf(error);
  return failure instanceof BackendError && failure.code === 'BACKEND_UNAVAILABLE';
}

/** The result code where SQLite gave one, for example `SQLITE_BUSY_SNAPSHOT`. */
function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' && code.startsWith('SQLITE_') ? code : '';
}
